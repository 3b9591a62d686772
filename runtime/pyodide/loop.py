"""
The event loop of a guest in Pyodide.

Pyodide's own crosses to JavaScript for every ``call_soon``; `TurnLoop` crosses once for all that a turn does.
"""

from __future__ import annotations

import sys
import time
from asyncio import _get_running_loop
from functools import partial
from typing import TYPE_CHECKING, Any

from pyodide.webloop import PyodideFuture, PyodideTask, WebLoop

from _stepwell_runtime.other_loops import set_running_loop
from _stepwell_runtime.quiescence import AWAITS_STEP
from _stepwell_runtime.turns import TurnLoop

from . import stack_switching

if TYPE_CHECKING:
    from types import FrameType


class PyodideLoop(TurnLoop, WebLoop):  # type: ignore[misc]  # pyodide has no types here
    """See the module."""

    # Every future asks the one, every task the other: written in C, for there are many.
    get_debug = staticmethod(bool)
    is_running = staticmethod(partial(bool, 1))

    # Without Pyodide's function around it.
    time = staticmethod(time.monotonic)

    # Pyodide's class has `then`, and is slower than one that begins at once.
    plain_task = PyodideTask

    def enter(self) -> None:
        """With stack switching each call of JavaScript's may run on a thread state of its own."""
        if _get_running_loop() is not self:
            set_running_loop(self)
            self._install_asyncgen_hooks()

    def run_until_complete(self, future: Any) -> Any:  # noqa: ANN401 - as asyncio has it
        """Wait in the middle of a handler, where stacks can be switched. Otherwise as in any loop that runs."""
        if not stack_switching.can_suspend():
            raise RuntimeError("This event loop is already running")
        return stack_switching.run_sync(future)

    def run_suspendable(self, until: float, rounds: int = 0) -> bool:  # noqa: ARG002 - as `run_ready`
        """As `run_ready`, where other turns may run while a handle waits."""
        ready = self._ready
        while ready:
            self.running = handle = ready.popleft()
            if not handle._cancelled:  # noqa: SLF001
                try:
                    self.run_handle(handle)
                except (SystemExit, KeyboardInterrupt) as error:
                    self.report_exit(error, handle)
            if self.time() > until:
                break
        self.running = None
        return not ready

    _latest: tuple[PyodideFuture[Any], int, int] | None = None

    def create_future(self) -> PyodideFuture[Any]:
        """A future; Pyodide's, which also has `then`."""
        future = PyodideFuture(loop=self)
        caller = sys._getframe().f_back  # noqa: SLF001 - there is no other way to know it
        self._latest = (future, id(caller), caller.f_lasti) if caller else None
        return future

    def step_is_awaited(self, caller: FrameType | None) -> None:
        """
        Take notice that *caller* has made JavaScript's promise of a step be asked for its outcome, by its ``then``.

        Pyodide does so where it makes a future of a promise that JavaScript gives to Python: the future is its latest,
        and the code that got the promise still stands where it stood. Nobody else who calls ``then`` has a future.
        """
        latest, self._latest = self._latest, None
        if caller and latest and latest[1:] == (id(caller), caller.f_lasti):
            setattr(latest[0], AWAITS_STEP, True)
