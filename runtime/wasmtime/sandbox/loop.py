"""The event loop of a sandboxed guest: `TurnLoop`, and the host is told who runs, for it counts what that costs."""

from __future__ import annotations

import asyncio
import sys
from asyncio import BaseEventLoop, events
from typing import TYPE_CHECKING, Any

from _stepwell_runtime.other_loops import set_running_loop
from _stepwell_runtime.turns import TurnLoop
from _workflows_bridge.origin import origin

if TYPE_CHECKING:
    from asyncio import Future, Handle, Task
    from collections.abc import Callable, Coroutine
    from contextvars import Context

    from _workflows_bridge.origin import Origin
    from _workflows_bridge.session import Session


class SandboxLoop(TurnLoop, BaseEventLoop):  # type: ignore[misc]  # asyncio's says more of arguments
    """See the module."""

    def __init__(
        self, wake: Callable[[], None], set_timer: Callable[[int], None], entered: Callable[[int, int], None]
    ) -> None:
        """Ask the host for turns by *wake* and *set_timer*; *entered* is told ref and attempt of the step that runs."""
        super().__init__(wake, set_timer)
        self._entered = entered
        self._running: Origin | None = None

    def enter(self) -> None:
        """See `TurnLoop`. The host counts a new turn as code outside steps."""
        self._running = None
        if events._get_running_loop() is not self:  # noqa: SLF001 - no public way for a loop that does not block
            set_running_loop(self)
            sys.set_asyncgen_hooks(self._asyncgen_firstiter_hook, self._asyncgen_finalizer_hook)  # type: ignore[attr-defined]

    def is_running(self) -> bool:
        """Whether a turn is under way, as all code sees it that a turn runs."""
        return self.turning

    def run_handle(self, handle: Handle) -> None:
        """Tell the host whose code comes, and run it."""
        self._tell(handle.get_context())
        handle._run()  # noqa: SLF001

    def create_task(  # type: ignore[override]
        self,
        coro: Coroutine[Any, Any, Any],
        *,
        name: str | None = None,
        context: Context | None = None,
        eager_start: bool | None = None,
        **options: object,
    ) -> Task[Any]:
        """As `GuestLoop` does; one that begins at once may be another step's."""
        if eager_start and context is not None:
            self._tell(context)
        return super().create_task(coro, name=name, context=context, eager_start=eager_start, **options)

    def begin_now(self, coro: Coroutine[Any, Any, None], session: Session, context: Context) -> Task[None] | None:
        """As `GuestLoop` does, likewise."""
        self._tell(context)
        return super().begin_now(coro, session, context)

    def _tell(self, context: Context) -> None:
        found = context.get(origin)
        if found is self._running:
            return
        before, self._running = self._running, found
        ref = found.ref if found else None
        if ref is not None and found is not None:
            self._entered(ref, found.attempt)
        elif before is not None and before.ref is not None:
            self._entered(0, 0)

    def run_in_executor(self, _executor: object, func: Callable[..., Any], *args: Any) -> Future[Any]:  # type: ignore[override]  # noqa: ANN401
        """Call *func* here and now: there are no threads."""
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:  # noqa: BLE001 - the future's
            future.set_exception(error)
        return future

    def create_future(self) -> Future[Any]:
        """A future."""
        return asyncio.Future(loop=self)
