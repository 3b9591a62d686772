"""
The event loop of a guest in Pyodide.

Pyodide's own crosses to JavaScript for every ``call_soon``. `TurnLoop` crosses once for all that a turn does.
"""

from __future__ import annotations

from pyodide.webloop import PyodideFuture, PyodideTask, WebLoop

from _stepwell_runtime.loop import TurnLoop


class PyodideLoop(TurnLoop, WebLoop):  # type: ignore[misc]  # pyodide has no types here
    """See the module."""

    # They also have `then`, which JavaScript asks for, and are slower.
    task_class = PyodideTask
    future_class = PyodideFuture

    def enter(self) -> None:
        """With stack switching each call of JavaScript's may run on a thread state of its own."""
        self._install_running_loop()
        self._install_asyncgen_hooks()
