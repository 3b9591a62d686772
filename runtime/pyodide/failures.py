"""Exceptions of Python that have crossed to JavaScript, where one is a text, and are wanted back whole."""

from __future__ import annotations

import io
import json
import sys
from collections import deque
from typing import TYPE_CHECKING, Any

from _workflows_bridge.errors import to_wire
from _workflows_bridge.traces import format_traceback

if TYPE_CHECKING:
    from asyncio import Task

_recent: deque[BaseException] = deque(maxlen=32)


def note(task: Task[Any]) -> None:
    """Keep what *task*, which is done, has raised."""
    error = getattr(task, "_exception", None)  # as `exception()`, which would count as having looked at it
    if error is not None:
        _recent.append(error)


def wire_of(address: int) -> str | None:
    """The exception at *address*, which JavaScript has of Pyodide, as data (JSON); None if it is not known any more."""
    for error in (*_recent, getattr(sys, "last_exc", None)):
        if error is not None and id(error) == address:
            return json.dumps(to_wire(error))
    return None


def install() -> None:
    """
    Let the message of a `PythonError` be the traceback.

    Pyodide has Python print it, and reads what comes to the file of ``sys.stderr``; here that is not where it writes.
    """
    errors = io.FileIO(2, "w", closefd=False)

    def hook(_kind: type[BaseException], error: BaseException, _traceback: object) -> None:
        errors.write(f"{format_traceback(error)}\n".encode("utf-8", "backslashreplace"))

    sys.excepthook = hook
