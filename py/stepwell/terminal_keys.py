"""Single keys that are pressed in a terminal."""

from __future__ import annotations

import contextlib
import os
import select
import sys
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

POLL_INTERVAL_S = 0.1


class TerminalKeys:
    """
    Calls *on_key* in a thread of its own for each key, as long as it is open. Ctrl-C stays a signal.

    Where standard input is not a terminal, there are no keys.
    """

    def __init__(self, on_key: Callable[[str], None]) -> None:
        self._on_key = on_key
        self._stop = threading.Event()
        self._settings: list[object] | None = None
        self._thread: threading.Thread | None = None

    @property
    def is_open(self) -> bool:
        """Whether keys are read."""
        return self._thread is not None

    def open(self) -> None:
        """Begin to read keys."""
        # A program in the background that reads the terminal is stopped.
        if not sys.stdin.isatty() or os.getpgrp() != os.tcgetpgrp(sys.stdin.fileno()):
            return
        import termios  # noqa: PLC0415 - Windows has none
        import tty  # noqa: PLC0415

        self._stop = threading.Event()
        self._settings = termios.tcgetattr(sys.stdin.fileno())
        tty.setcbreak(sys.stdin.fileno())
        self._thread = threading.Thread(target=self._read, args=(self._stop,), name="keys", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Give the terminal back as it was."""
        self._stop.set()
        if self._settings is None:
            return
        import termios  # noqa: PLC0415 - as above

        with contextlib.suppress(termios.error, OSError):
            termios.tcsetattr(sys.stdin.fileno(), termios.TCSADRAIN, self._settings)  # type: ignore[arg-type]
        self._settings = None

    def _read(self, stop: threading.Event) -> None:
        descriptor = sys.stdin.fileno()
        with contextlib.suppress(OSError, ValueError):
            while not stop.is_set():
                ready, _, _ = select.select([descriptor], [], [], POLL_INTERVAL_S)
                if not ready:
                    continue
                data = os.read(descriptor, 64)
                if not data:
                    return
                for key in data.decode(errors="ignore"):
                    self._on_key(key)
