"""
Cloudflare's own Python SDK, PyPI's ``workers-runtime-sdk``, in place of ours: unmodified, as the user has installed it.

It is the proof that ``WorkflowStep`` is seen from Python as Cloudflare's is, and an oracle for our SDK. What it expects
of the runtime around it is made here and in `upstream.js`.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

from _workflows_bridge.batch import to_json
from _workflows_bridge.errors import from_wire, to_wire
from _workflows_bridge.origin import origin
from _workflows_bridge.step import JsStep
from _workflows_bridge.values import encode
from workers._context import ExecutionContext, wait_until
from workers._context import _going_on as going_on

from . import failures

if TYPE_CHECKING:
    from asyncio import Task
    from collections.abc import Awaitable, Callable, Iterator

    CallWorkflow = Callable[[str, str, dict[str, Any]], Awaitable[Any]]

    from _workflows_bridge.batch import Message
    from _workflows_bridge.session import Session

    from .loop import PyodideLoop

ON_CLOUDFLARE = frozenset(
    {"python_workflows", "python_workflows_implicit_dependencies", "python_request_headers_preserve_commas"}
)
"""Compatibility flags that a new deployment has there, of those that the SDK asks for."""


class UpstreamSdk:
    """See the module, and `Sdk`."""

    wraps_batches = False

    def __init__(self, options: dict[str, Any], host: Any, loop: PyodideLoop, call_workflow: CallWorkflow) -> None:  # noqa: ANN401
        """
        Import the SDK.

        Args:
            options: Of the deployment: the ``flags`` of its runtime are names of compatibility flags that are on, or
                off where ``no_`` precedes.
            host: `Upstream` of `upstream.js`.
            loop: The interpreter's.
            call_workflow: Calls a method of a workflow for code that is no pass's, and gives canonical text.
        """
        self._loop = loop
        self._call_workflow = call_workflow
        self._host = host
        self._runs: dict[Session, _UpstreamRun] = {}
        host.connect(self._call)
        loop.task_ended = failures.note
        _replace_our_own(host.place)
        _provide_modules(host, frozenset(options["runtime"].get("flags") or ()))
        package = import_module("workers")
        self.entrypoint = package.WorkflowEntrypoint
        self.worker_entrypoint = package.WorkerEntrypoint
        self.durable_object = package.DurableObject
        self._rpc = import_module("workers.rpc")
        self.env = self._rpc._EnvWrapper(host.env)  # noqa: SLF001 - the runtime around it has to use it

    def bind(self, variables: dict[str, Any], bindings: dict[str, str]) -> None:
        """See `Sdk`."""
        self._host.bind(encode(variables), json.dumps(bindings))

    def context(self, context: Any) -> ExecutionContext:  # noqa: ANN401 - a JsProxy
        """See `Sdk`."""
        return _JsContext(context)

    def object_context(self, parts: Any) -> Any:  # noqa: ANN401 - a JsProxy
        """See `Sdk`. Its own class wraps it."""
        return parts.state

    def wrap_batch(self, batch: Any) -> Any:  # noqa: ANN401 - a JsProxy
        """Its own class does that."""
        return batch

    def from_js(self, value: Any) -> Any:  # noqa: ANN401 - any value
        """See `Sdk`."""
        return self._rpc.python_from_rpc(value)

    def to_js(self, value: Any) -> Any:  # noqa: ANN401 - any value
        """See `Sdk`."""
        return self._rpc.python_to_rpc(value)

    def open(self, cls: type, session: Session) -> _UpstreamRun:
        """See `Sdk`."""
        run = self._runs[session] = _UpstreamRun(cls, session, self._host, lambda: self._runs.pop(session, None))
        return run

    def _call(self, workflow: str, options: str, settle: Callable[..., None]) -> None:
        """Make a call of a binding, for the run whose code makes it."""
        found = origin.get()
        if found is None:
            self._loop.create_task(self._call_outside(workflow, json.loads(options), settle))
            return
        runs = [self._runs[found.session]] if found.session in self._runs else list(self._runs.values())
        if len(runs) != 1:
            message = "A binding can be used while a workflow runs, not while its module is imported."
            settle("error", to_json({"name": "Error", "message": message}), 0)
            return
        runs[0].step.call("call", workflow, options, settle)

    async def _call_outside(self, workflow: str, options: dict[str, Any], settle: Callable[..., None]) -> None:
        try:
            settle("value", await self._call_workflow(workflow, options["method"], options["args"]))
        except Exception as error:  # noqa: BLE001 - whoever called gets it
            settle("error", to_json(to_wire(error)))


class _JsContext(ExecutionContext):
    """Props and exports are JavaScript's own, as Cloudflare gives them."""

    @property
    def props(self) -> Any:  # noqa: ANN401 - a JsProxy
        """See `ExecutionContext`."""
        return self._js_context.props

    @property
    def exports(self) -> Any:  # noqa: ANN401 - a JsProxy
        """See `ExecutionContext`."""
        return self._js_context.exports


class _UpstreamRun:
    def __init__(self, cls: type, session: Session, host: Any, gone: Callable[[], object]) -> None:  # noqa: ANN401
        self._class: Any = cls
        self._host = host
        self._gone = gone
        self.step = JsStep(session)

    async def output(self, start: Message) -> str:
        entrypoint = self._class(ExecutionContext(), self._host.env)
        event = self._host.event(json.dumps(start["event"]), start["value"])
        try:
            return str(self._host.encode(await entrypoint.run(event, self.step.proxy)))
        except Exception as error:
            # An error of JavaScript's knows what it was before it became one.
            if type(error).__name__ == "JsException":
                raise from_wire(json.loads(self._host.wire(error))) from None
            raise

    def outlives(self, task: Task[Any]) -> bool:
        return task in going_on

    def close(self) -> None:
        self.step.close()
        self._gone()


def _replace_our_own(folder: str) -> None:
    """Let ``import workers`` find what is in *folder*. Our own modules live on for those who have imported them."""
    for name in [name for name in sys.modules if name == "workers" or name.startswith("workers.")]:
        del sys.modules[name]
    sys.path.insert(0, folder)


def _provide_modules(host: Any, flags: frozenset[str]) -> None:  # noqa: ANN401 - a JsProxy
    """Make the two modules that Cloudflare's runtime puts beside the SDK."""
    on = ({*ON_CLOUDFLARE, *flags}) - {flag.removeprefix("no_") for flag in flags if flag.startswith("no_")}

    compat_flags: Any = ModuleType("_cloudflare_compat_flags")
    compat_flags.__getattr__ = lambda name: name in on
    sys.modules["_cloudflare_compat_flags"] = compat_flags

    helper: Any = ModuleType("_pyodide_entrypoint_helper")
    helper.cloudflareWorkersModule = SimpleNamespace(env=host.env, waitUntil=wait_until)
    helper.cloudflareSocketsModule = host.sockets
    helper.doAnImport = getattr(host, "import")
    helper.patchWaitUntil = lambda _context: None  # ours holds what it is given
    helper.patch_env_helper = lambda entries: _patch(host.env, entries)
    sys.modules["_pyodide_entrypoint_helper"] = helper


def _patch(env: Any, entries: Any) -> Iterator[None]:  # noqa: ANN401 - JsProxies
    before = {name: getattr(env, name, None) for name in entries}
    for name, value in entries.items():
        setattr(env, name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(env, name, value)
