"""Output of a process: written by any thread, and by what has no thread of ours."""

from __future__ import annotations

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import TYPE_CHECKING, Any

from _stepwell_runtime.output import Output

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Callable

_FILES = {"stdout": 1, "stderr": 2}
_LONG_LINE = 8192


class ProcessOutput(Output):
    """`Output`, from any thread."""

    def __init__(self, pressed: Callable[[], None], loop: AbstractEventLoop) -> None:
        """As `Output`; what other threads write takes the way through *loop*."""
        super().__init__(pressed)
        self.loaded = False
        """Whether the modules of the deployment have been imported."""
        self._loop = loop
        self._held = threading.local()
        self._thread = threading.get_ident()
        self._originals = (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__, os.write)
        self._write_file = os.write

    def write(self, level: str, text: str) -> None:
        """See `Output`."""
        if threading.get_ident() == self._thread:
            super().write(level, text)
            return
        # `print` writes its end by itself: a line crosses whole.
        held = self._held.__dict__
        held[level] = text = held.get(level, "") + text
        if text.endswith("\n") or len(text) > _LONG_LINE:
            self.flush(level)

    def flush(self, level: str) -> None:
        """Let go of what this thread has written of a line."""
        if text := self._held.__dict__.pop(level, ""):
            self._loop.call_soon_threadsafe(super().write, level, text)

    def _write_unowned(self, level: str, text: str) -> None:
        if not self.loaded:
            super()._write_unowned(level, text)
            return
        # The host may know whose it is, and shows it otherwise.
        data = text.encode(errors="backslashreplace")
        while data:
            data = data[self._write_file(_FILES.get(level, 2), data) :]

    def restore(self) -> None:
        """Give the process back its own streams."""
        sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__, os.write = self._originals  # type: ignore[misc]


def keep_context_in_threads() -> None:
    """Let threads know whose code has started them: what they print is attributed by it."""
    start = threading.Thread.start
    submit = ThreadPoolExecutor.submit

    def start_in_context(thread: threading.Thread) -> None:
        thread.run = partial(copy_context().run, _run_and_flush, thread.run)  # type: ignore[method-assign]
        start(thread)

    def submit_in_context(
        executor: ThreadPoolExecutor,
        function: Callable[..., Any],
        /,
        *args: Any,  # noqa: ANN401 - as the standard library has it
        **kwargs: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        return submit(executor, copy_context().run, _run_and_flush, partial(function, *args, **kwargs))

    threading.Thread.start = start_in_context  # type: ignore[method-assign, assignment]
    ThreadPoolExecutor.submit = submit_in_context  # type: ignore[method-assign, assignment]


def _run_and_flush(function: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever it gives
    try:
        return function()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
