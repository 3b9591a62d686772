"""
Bindings: other workflows, as ``env`` has them.

Every method exists under two names, Python's and upstream's. What it tells of is durable when its ``await`` returns.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, cast

from _workflows_bridge.handler_call import WorkflowCaller, caller_of
from _workflows_bridge.origin import origin
from _workflows_bridge.proxies import from_js, is_proxy
from _workflows_bridge.values import JsDict, encode

from ._timing import a_kind, duration_to_wire

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping, Sequence


def binding_name(class_name: str) -> str:
    """The name under which a class has its workflow in ``env`` where nothing else is configured: ORDER_WORKFLOW."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", class_name).upper()


def to_bindings(names: Mapping[str, str]) -> dict[str, Workflow]:
    """What ``env`` has for names of workflows by names of bindings."""
    return {name: Workflow(workflow, name) for name, workflow in names.items()}


class Workflow:
    """A workflow: creates and finds its instances."""

    def __init__(self, name: str, binding: str) -> None:
        """Stand for the workflow *name*, which ``env`` has as *binding*."""
        self._name = name
        self._binding = binding

    def __repr__(self) -> str:
        return f"<Workflow {self._name!r}>"

    async def create(self, options: Mapping[str, Any] | None = None, /, **more: Any) -> WorkflowInstance:  # noqa: ANN401
        """
        Create an instance.

        Args:
            options: ``id``, ``params``, ``retention`` (``success_retention``, ``error_retention``) and
                ``location_hint``; by keyword too.
            more: The same.
        """
        return self._instance(
            await self._call("create", _creation({**_mapping(options, "create()"), **more}, "create()"))
        )

    async def create_batch(
        self,
        batch: Sequence[Mapping[str, Any]] | Mapping[str, Any] | None = None,
        /,
        **more: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401 - of either form
        """
        Create up to 100 instances.

        Args:
            batch: ``count`` and what they share, or ``instances``, a list of what `create` takes: gives ``created`` and
                ``errors``. Or the list itself: gives the instances, without those that existed before.
            more: ``count`` or ``instances`` and the rest, by keyword.
        """
        if is_proxy(batch):
            batch = cast("Any", from_js(batch))
        if isinstance(batch, list | tuple):
            listed = [_creation(each, f"create_batch()[{index}]") for index, each in enumerate(batch)]
            return [self._instance(each) for each in await self._call("createBatch", {"batch": listed})]
        if batch is not None and not isinstance(batch, dict):
            return await self._call("createBatch", {})  # which is refused, as in JavaScript
        fields = {**(batch or {}), **more}
        form = {key: fields.pop(key) for key in ("count", "instances") if key in fields}
        if isinstance(form.get("instances"), list | tuple):
            many = enumerate(form["instances"])
            form["instances"] = [_creation(each, f"instances[{index}]") for index, each in many]
        shared = _creation(fields, "create_batch()", also=("count", "instances"))
        answer = await self._call("createBatch", {"batch": {**shared, **form}})
        return JsDict(created=[self._instance(each) for each in answer["created"]], errors=answer["errors"])

    async def delete_batch(self, ids: Sequence[str], /) -> JsDict:
        """Delete up to 100 instances. Gives ``deleted`` and ``errors``."""
        answer: JsDict = await self._call("deleteBatch", {"ids": list(ids)})
        return answer

    async def get(self, id: str, /) -> WorkflowInstance:  # noqa: A002 - upstream's name
        """
        Find an instance.

        Raises:
            WorkflowError: There is none of that id.
        """
        return self._instance(await self._call("get", {"id": id}))

    async def send_event(self, id: str, /, options: Mapping[str, Any] | None = None, **more: Any) -> None:  # noqa: A002, ANN401
        """Send an event to the instance *id*; see `WorkflowInstance.send_event`."""
        await WorkflowInstance(self, id).send_event(options, **more)

    def _instance(self, answer: Mapping[str, Any]) -> WorkflowInstance:
        return WorkflowInstance(self, answer["id"])

    async def _call(self, method: str, args: dict[str, Any]) -> Any:  # noqa: ANN401 - what the method gives
        return await _caller(self._binding)(self._name, method, args)

    createBatch = create_batch  # noqa: N815 - upstream's names
    deleteBatch = delete_batch  # noqa: N815
    sendEvent = send_event  # noqa: N815


class WorkflowInstance:
    """One instance of a workflow."""

    def __init__(self, workflow: Workflow, id: str) -> None:  # noqa: A002 - upstream's name
        """Stand for the instance *id*, whether there is one or not."""
        self.id = id
        self._workflow = workflow

    def __repr__(self) -> str:
        return f"<WorkflowInstance {self.id!r} of {self._workflow!r}>"

    async def status(self) -> JsDict:
        """Tell ``status``, ``output``, ``error`` and ``rollback``."""
        answer: JsDict = await self._call("status")
        return answer

    async def pause(self) -> None:
        """Pause it, once the steps that run have ended."""
        await self._call("pause")

    async def resume(self) -> None:
        """Let it go on."""
        await self._call("resume")

    async def terminate(
        self,
        options: Mapping[str, Any] | None = None,
        /,
        *,
        rollback: bool = False,
        **more: Any,  # noqa: ANN401
    ) -> None:
        """End it; with *rollback*, after the rollback handlers of its steps."""
        fields = {"rollback": rollback, **_mapping(options, "terminate()"), **more}
        fields = _known(fields, ("rollback",), "terminate()")
        await self._call("terminate", **fields)

    async def restart(self, options: Mapping[str, Any] | None = None, /, **more: Any) -> None:  # noqa: ANN401
        """Run it again; with ``from_`` (or ``{"from": ...}``) from a step on: its ``name``, ``count`` and ``type``."""
        fields = {key.rstrip("_"): value for key, value in {**_mapping(options, "restart()"), **more}.items()}
        start = _known(fields, ("from",), "restart()").get("from")
        await self._call("restart", **({} if start is None else {"from": _restart_point(start)}))

    async def delete(self) -> None:
        """Delete it, and all that is known of it."""
        await self._call("delete")

    async def send_event(self, options: Mapping[str, Any] | None = None, /, **more: Any) -> None:  # noqa: ANN401
        """Send it an event: ``type``, and ``payload`` where there is one; as a dict or by keyword."""
        fields = _known({**_mapping(options, "send_event()"), **more}, ("type", "payload"), "send_event()")
        if "payload" in fields:
            fields["payload"] = encode(fields["payload"], where="payload")
        await self._call("sendEvent", **fields)

    async def subscribe(
        self,
        options: Mapping[str, Any] | None = None,
        /,
        **more: Any,  # noqa: ANN401
    ) -> AsyncIterator[JsDict]:
        """
        Give its events from the beginning, and go on until it ends.

        Args:
            options: ``cursor``, the ``eventId`` of the last event that is known, ``filter``, a list of types, and
                ``progress``, the ``progressId`` of the last item of progress that is known: with it, 0 for all of them,
                what steps report comes among the events.
            more: The same by keyword.
        """
        query = {**_mapping(options, "subscribe()"), **more}
        done = False
        while not done:
            answer = await self._call("subscribe", options=query)
            for event in answer["events"]:
                yield event
            known = {key: answer[key] for key in ("cursor", "progress") if key in answer}
            done, query = answer["done"], {**query, **known}

    async def _call(self, method: str, **args: Any) -> Any:  # noqa: ANN401 - what the method gives
        return await self._workflow._call(method, {"id": self.id, **args})  # noqa: SLF001 - two halves of one thing

    sendEvent = send_event  # noqa: N815 - upstream's name


def _caller(binding: str) -> WorkflowCaller:
    found = origin.get()
    caller = caller_of(found.session if found else None)
    if caller is None:
        raise RuntimeError(f"env.{binding} can be used while a workflow runs, not while its module is imported.")
    return caller


_SNAKE = {"locationHint": "location_hint", "successRetention": "success_retention", "errorRetention": "error_retention"}


def _creation(options: object, what: str, also: Iterable[str] = ()) -> dict[str, Any]:
    fields = _known(options, ("id", "params", "retention", "location_hint"), what, also)
    if fields.get("id", "") is None:
        del fields["id"]
    if "params" in fields:
        fields["params"] = encode(fields["params"], where="params")
    if (hint := fields.pop("location_hint", None)) is not None:
        fields["locationHint"] = hint
    if (retention := fields.pop("retention", None)) is not None:
        kept = _known(retention, ("success_retention", "error_retention"), f"retention of {what}")
        fields["retention"] = {
            {"success_retention": "successRetention", "error_retention": "errorRetention"}[key]: duration_to_wire(
                value, key
            )
            for key, value in kept.items()
        }
    return fields


def _restart_point(start: object) -> dict[str, Any]:
    fields = _known(start, ("name", "count", "type"), "from of restart()")
    name, count, kind = fields.get("name"), fields.get("count", 1), fields.get("type", "do")
    if not isinstance(name, str):
        given = "missing" if name is None else a_kind(name)
        raise TypeError(f"from of restart() needs the name of a step as a str; it is {given}.")
    # A count that no step has is for the engine to refuse, in the same words for both languages.
    if isinstance(count, bool) or not isinstance(count, int):
        raise TypeError(f"The count in from of restart() must be an int, not {count!r}.")
    if kind not in _KINDS:
        raise TypeError(f"The type in from of restart() must be one of {', '.join(_KINDS)}, not {kind!r}.")
    return fields


_KINDS = ("do", "sleep", "waitForEvent")


def _mapping(options: object, what: str) -> Mapping[str, Any]:
    if is_proxy(options):
        options = from_js(options)
    if options is None:
        return {}
    if not isinstance(options, dict):
        raise TypeError(f"{what} takes a dict, not {a_kind(options)}.")
    return options


def _known(options: object, names: Sequence[str], what: str, also: Iterable[str] = ()) -> dict[str, Any]:
    """*options* with the names in Python's spelling; those that there are not are refused."""
    fields = {_SNAKE.get(str(name), str(name)): value for name, value in _mapping(options, what).items()}
    for name in fields:
        if name not in names:
            near = get_close_matches(str(name), [*names, *also], 1)
            hint = f'Did you mean "{near[0]}"?' if near else f"It has: {', '.join([*also, *names])}."
            raise TypeError(f'{what} has no option "{name}". {hint}')
    return fields


__all__ = ["Workflow", "WorkflowInstance", "binding_name", "to_bindings"]
