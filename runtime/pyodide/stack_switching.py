"""
Stack switching in calls of handlers: code waits in the middle of a turn, and other turns run meanwhile.

``run_sync(awaitable)`` is how synchronous code waits for JavaScript: clients of HTTP, WSGI, Django. Passes have none of
it: a replay would have to know where each of them stands.
"""

from __future__ import annotations

import asyncio
import time
from asyncio import AbstractEventLoop, ensure_future, events, runners
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, Protocol

import _pyodide_core  # type: ignore[import-not-found]
import pyodide.ffi
import pyodide.webloop
import pyodide_js

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextvars import Context

    from .loop import PyodideLoop

_pyodides_own = _pyodide_core.run_sync


class Turns(Protocol):
    """What runs turns."""

    loop: PyodideLoop

    def suspend(self) -> None:
        """End the turn, in the middle of the code that runs."""

    def resume(self) -> None:
        """That code runs again, in a turn of its own."""


_turns: list[Turns] = []
"""Empty, or what runs turns of handlers, which may be suspended."""


def run_sync(awaitable: Any) -> Any:  # noqa: ANN401 - as Pyodide has it
    """Wait for *awaitable*, and get what it gives. Other calls of handlers run meanwhile."""
    if not _turns or not can_suspend():
        return _pyodides_own(awaitable)
    [turns] = _turns
    if not isinstance(awaitable, pyodide.ffi.JsProxy) and isawaitable(awaitable):
        # Its task is to be in the turn that is asked for.
        awaitable = ensure_future(awaitable, loop=turns.loop)
    task = asyncio.current_task(turns.loop)
    turns.suspend()
    try:
        return _pyodides_own(awaitable)
    finally:
        turns.resume()
        _restore_task(turns.loop, task)


def _restore_task(loop: PyodideLoop, task: asyncio.Task[Any] | None) -> None:
    """Let *task* be the one that runs: the stack of another call has run others."""
    if (current := asyncio.current_task(loop)) is not task:
        if current is not None:
            asyncio.tasks._leave_task(loop, current)  # noqa: SLF001 - as a loop in C would
        if task is not None:
            asyncio.tasks._enter_task(loop, task)  # noqa: SLF001 - likewise


def can_suspend() -> bool:
    """Whether the code that runs may wait."""
    return bool(_pyodide_core.can_run_sync())


def provide() -> None:
    """Put `run_sync` in the place of Pyodide's. Before a snapshot is made, for what is imported keeps the function."""
    for module in (pyodide.ffi, pyodide.webloop, _pyodide_core):
        module.run_sync = run_sync


def enable(turns: Turns) -> None:
    """Let code of handlers be suspended from here on, and run loops in the middle of it."""
    if _turns:
        return
    _turns.append(turns)
    pyodide_js._api.config.enableRunUntilComplete = True  # noqa: SLF001 - the module that asks for it has no other
    blocking = time.sleep
    time.sleep = lambda seconds: _sleep(float(seconds), blocking)
    events.new_event_loop = asyncio.new_event_loop = lambda: NestedLoop(turns.loop)  # type: ignore[abstract]
    asyncio.run = runners.run = _run
    run_of_runner = asyncio.Runner.run
    asyncio.Runner.run = lambda self, coro, **options: _run_in_runner(run_of_runner, self, coro, **options)  # type: ignore[method-assign]


def _sleep(seconds: float, blocking: Callable[[float], None]) -> None:
    if seconds > 0 and can_suspend():
        run_sync(asyncio.sleep(seconds))
    else:
        blocking(seconds)


def _run(main: Any, *, debug: bool | None = None, loop_factory: Any = None) -> Any:  # noqa: ANN401, ARG001 - as asyncio has it
    """Run *main* in the middle of the code that calls."""
    return _turns[0].loop.run_until_complete(main)


def _run_in_runner(original: Any, runner: Any, coro: Any, *, context: Context | None = None) -> Any:  # noqa: ANN401
    loop = runner.get_loop()
    if not isinstance(loop, NestedLoop):
        return original(runner, coro, context=context)
    return loop.run_until_complete(loop.create_task(coro, context=context or runner._context))  # noqa: SLF001


class NestedLoop(AbstractEventLoop):
    """A loop that code makes and runs inside of a handler: its tasks run in the loop that there is."""

    def __init__(self, loop: PyodideLoop) -> None:
        """Run all in *loop*."""
        self._loop = loop
        self._closed = False

    def __getattribute__(self, name: str) -> Any:  # noqa: ANN401 - the loop's
        """What is not the loop's own affair is that of the loop that there is."""
        if name.startswith("__") or name in _OF_NESTED:
            return super().__getattribute__(name)
        return getattr(super().__getattribute__("_loop"), name)

    def run_until_complete(self, future: Any) -> Any:  # noqa: ANN401 - as asyncio has it
        """Wait for *future* in the middle of the code that calls."""
        if self._closed:
            raise RuntimeError("Event loop is closed")
        return self._loop.run_until_complete(future)

    def is_running(self) -> bool:
        """It runs only while code waits in `run_until_complete`, and that code asks nothing."""
        return False

    def stop(self) -> None:
        """There is nothing to stop."""

    def close(self) -> None:
        """Run nothing more. What was begun goes on."""
        self._closed = True

    def is_closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed

    async def shutdown_asyncgens(self) -> None:
        """Generators belong to the loop that there is."""

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:  # noqa: ASYNC109 - as asyncio has it
        """There are no threads."""


_OF_NESTED = frozenset(vars(NestedLoop)) | {"_loop", "_closed"}
