"""``step``: what ``run`` makes its durable calls with."""

from __future__ import annotations

from difflib import get_close_matches
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from _workflows_bridge.streams import keep
from _workflows_bridge.transports import open_transport
from _workflows_bridge.values import encode

from ._graph import Graph, Node, keyword_only
from ._plan import NO_PLAN, Plan, config_to_wire, refusal, rollback_to_wire
from ._timing import duration_to_wire, time_to_wire

if TYPE_CHECKING:
    from asyncio import Future
    from collections.abc import Awaitable, Callable, Sequence
    from typing import Never

    from _workflows_bridge.session import Session
    from _workflows_bridge.transports import Transport
    from _workflows_bridge.values import JsDict

    from ._plan import RollbackConfig, StepConfig
    from ._timing import Duration, Timestamp

__all__ = ["WorkflowStep"]

T = TypeVar("T")


class WorkflowStep:
    """The steps, sleeps and waits of one run."""

    step_closures: dict[str, Callable[[], Any]]
    """The decorated functions by step name, the latest of each name."""

    def __init__(self, session: Session, transport: str = "batched") -> None:
        """Make calls on *session*; ``transport="js"`` makes them through the JsProxy of `js`."""
        self.step_closures = {}
        self._transport = open_transport(session, transport)
        self._graph = Graph(self._run, self._transport.fetch_output)

    @property
    def js(self) -> Any:  # noqa: ANN401 - a JsProxy has no static type
        """The same steps as JavaScript's `WorkflowStep`, for code that is written against that."""
        return self._transport.js

    def do(  # noqa: PLR0913 - what a step consists of
        self,
        name: str | None = None,
        depends: Sequence[Callable[[], Any]] | None = None,
        *,
        concurrent: bool = False,
        config: StepConfig | None = None,
        rollback: Callable[..., object] | None = None,
        rollback_config: RollbackConfig | None = None,
        **unknown: Never,
    ) -> Callable[[Callable[..., Awaitable[T] | T]], Callable[[], Awaitable[T]]]:
        """
        Make a step of the function below.

        Each ``await`` of a call runs it, or gives what it gave in an earlier run.

        Args:
            name: The step's name; that of the function if it is not given.
            depends: Steps whose results become the arguments, by position. Without it, parameters name steps; ``ctx``
                is the step's context.
            concurrent: Whether the steps it depends on run at the same time.
            config: ``retries``, ``timeout``, ``sensitive`` and ``progress``, how many items are kept of what the step
                reports by ``ctx.report_progress``. ``retries["delay"]`` may be a function that gives the delay: of
                ``ctx`` and ``error`` it gets those that its parameters name.
            rollback: Undoes the step if the instance fails, or is terminated with rollback. Of ``ctx``, ``error``,
                ``output`` (None where the step has none) and ``step_name`` it gets those that its parameters name.
            rollback_config: ``retries`` and ``timeout`` of *rollback*.
            unknown: Nothing, as type checkers know; misspelt names end here.
        """
        if unknown:
            _refuse_keyword(next(iter(unknown)))
        if name is not None and not isinstance(name, str):
            _refuse_name(name)
        if depends is not None and not isinstance(depends, list | tuple):
            raise TypeError(f"depends must be a list of steps, not {type(depends).__name__}.")

        # No annotations on what is made for every step: they would cost a function of their own each time.
        def decorate(function):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
            step_name = name if name is not None and callable(function) else _name_of(function, name)
            if config is None and rollback is None and rollback_config is None:
                plan = NO_PLAN
            else:
                plan = Plan(*config_to_wire(config, step_name), rollback_to_wire(rollback, rollback_config, step_name))
            node = Node(step_name, function, depends, plan, concurrent)
            self.step_closures[step_name] = call = self._graph.add(node)
            # Python's "was never awaited" shows this name.
            call.__qualname__ = f"step.do({step_name!r})"
            call._step_name = step_name  # type: ignore[attr-defined]  # noqa: SLF001 - upstream's
            call._step = node  # type: ignore[attr-defined]  # noqa: SLF001
            return call

        return decorate

    def _run(self, node: Node, arguments: list[Any]) -> Future[Any]:
        config, delay, rollback = node.plan
        perform, bare = node.function, True
        if node.parameters:
            index = self._graph.context_index(node)
            keywords = keyword_only(node)
            bare = index is None
            if bare and not keywords:
                perform = partial(perform, *arguments)
            else:
                perform = partial(_call, perform, arguments, keywords, index)
        return self._transport.do(
            node.name, config, perform, str, bare=bare, write=_write, delay=delay, rollback=rollback
        )

    def sleep(self, name: str, duration: Duration) -> Future[None]:
        """
        Sleep, without using memory while it is long. It begins with the call, awaited or not.

        Args:
            name: The sleep's name.
            duration: Milliseconds, a text such as ``"5 minutes"``, or a timedelta.
        """
        _check_name(name, "sleep")
        return self._transport.sleep(name, duration=duration_to_wire(duration, f"The duration of sleep {name!r}"))

    def sleep_until(self, name: str, timestamp: Timestamp) -> Future[None]:
        """
        Sleep until a time. It begins with the call, awaited or not.

        Args:
            name: The sleep's name.
            timestamp: A datetime, naive ones being UTC, or milliseconds since 1970.
        """
        _check_name(name, "sleep")
        return self._transport.sleep(name, until=time_to_wire(timestamp, f"The time of sleep {name!r}"))

    def wait_for_event(
        self,
        name: str,
        # There is no default: without one, Python would not let a keyword in its place be told what is right.
        event_type: str = None,  # type: ignore[assignment]  # noqa: RUF013
        /,
        timeout: Duration = "24 hours",
        **unknown: Never,
    ) -> Awaitable[JsDict]:
        """
        Wait until an event of *event_type* is sent to this instance.

        An event that arrived before the wait began counts, once. Gives ``payload``, ``timestamp`` and ``type``.

        Raises:
            WorkflowTimeoutError: No such event came within *timeout*.
        """
        _check_name(name, "wait")
        if unknown:
            _refuse_wait_keyword(next(iter(unknown)))
        if not isinstance(event_type, str):
            raise TypeError(f"The event type of wait {name!r} must be a str, not {type(event_type).__name__}.")
        waiting = self._wait(name, event_type, duration_to_wire(timeout, f"The timeout of wait {name!r}"))
        # Python's "was never awaited" shows this name.
        waiting.__qualname__ = f"step.wait_for_event({name!r})"  # type: ignore[attr-defined]
        return waiting

    async def _wait(self, name: str, event_type: str, patience: float | str) -> JsDict:
        event: JsDict = await self._transport.wait_for_event(name, event_type, patience)
        return event

    def _release(self) -> None:
        """Let go of what the transport holds, and of the steps: what holds itself is not freed before a collection."""
        self._transport.close()
        self._graph.close(partial(_refuse, self._transport))
        self.step_closures = {}


def _call(
    function: Callable[..., Any],
    arguments: list[Any],
    keywords: list[str],
    context_index: int | None,
    make_context: Callable[[], JsDict] | None = None,
) -> object:
    """
    Call the callback once.

    Args:
        function: The callback.
        arguments: All but the context, in order of the parameters.
        keywords: The last parameters, which it takes by keyword only.
        context_index: Where it wants the context, if it does.
        make_context: Makes the context.
    """
    values = list(arguments)
    if context_index is not None and make_context is not None:
        values.insert(context_index, make_context())
    positional = values[: len(values) - len(keywords)]
    return function(*positional, **dict(zip(keywords, values[len(positional) :], strict=True)))


def _write(result: object, step: str) -> str | Awaitable[str]:
    """Canonical text of what a callback has given."""
    return keep(result, step) if hasattr(result, "__aiter__") else encode(result)


def _refuse(transport: Transport, node: Node, _arguments: list[Any]) -> Future[Any]:
    """Call a step of a run that is over, which the session refuses."""
    return transport.do(node.name, None, lambda: None, bare=True, write=_write)


def _name_of(function: object, name: str | None) -> str:
    if not callable(function) and name is not None:
        raise refusal(f'Step "{name}" requires a callback function')
    if not callable(function):
        raise TypeError(f"@step.do() decorates a function, not {function!r}.")
    if name is None:
        name = getattr(function, "__name__", None)
    if name is None:
        raise TypeError(f"{function!r} has no name of its own. Write step.do('its name').")
    return name


def _check_name(name: object, what: str) -> None:
    if not isinstance(name, str):
        raise TypeError(f"The name of a {what} must be a str, not {type(name).__name__}.")


def _refuse_name(name: object) -> NoReturn:
    if not callable(name):
        raise TypeError(f"The name of a step must be a str, not {type(name).__name__}.")
    function_name = getattr(name, "__name__", "function")
    raise TypeError(f"@step.do needs parentheses: write @step.do() or @step.do('name') above 'def {function_name}'.")


def _refuse_wait_keyword(keyword: str) -> NoReturn:
    if keyword in {"name", "type", "event_type"}:
        hint = 'Give name and type by position: step.wait_for_event("approval", "approved").'
    elif get_close_matches(keyword, ["timeout"], 1):
        hint = 'Did you mean "timeout"?'
    else:
        hint = "It has: timeout."
    raise TypeError(f'step.wait_for_event() has no option "{keyword}". {hint}')


_KEYWORDS = ("name", "depends", "concurrent", "config", "rollback", "rollback_config")
_IN_CONFIG = ("retries", "timeout", "sensitive", "progress")


def _refuse_keyword(keyword: str) -> NoReturn:
    if inside := get_close_matches(keyword, _IN_CONFIG, 1):
        hint = f'Write config={{"{inside[0]}": ...}}.'
    elif near := get_close_matches(keyword, _KEYWORDS, 1):
        hint = f'Did you mean "{near[0]}"?'
    else:
        hint = f"It has: {', '.join(_KEYWORDS)}."
    raise TypeError(f'step.do() has no option "{keyword}". {hint}')
