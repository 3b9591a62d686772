"""
The event loop of a guest in Pyodide.

Pyodide's own crosses to JavaScript for every ``call_soon``; `TurnLoop` crosses once for all that a turn does.
"""

from __future__ import annotations

from typing import Any

from pyodide.webloop import PyodideFuture, PyodideTask, WebLoop

from _stepwell_runtime.turns import TurnLoop


class PyodideLoop(TurnLoop, WebLoop):  # type: ignore[misc]  # pyodide has no types here
    """See the module."""

    # Pyodide's class has `then`, and is slower than one that begins at once.
    plain_task = PyodideTask

    def enter(self) -> None:
        """With stack switching each call of JavaScript's may run on a thread state of its own."""
        self._install_running_loop()
        self._install_asyncgen_hooks()

    def create_future(self) -> PyodideFuture[Any]:
        """A future; Pyodide's, which also has `then`."""
        return PyodideFuture(loop=self)
