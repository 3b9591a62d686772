"""
Output of user code, as ``log`` messages of the pass and the step whose code wrote it.

Nothing crosses to JavaScript per line: what is written collects in Python and leaves with the messages of the turn.
"""

from __future__ import annotations

import io
import logging
import os
import sys
import time
import warnings
from typing import TYPE_CHECKING, Any

from _workflows_bridge.session import origin

if TYPE_CHECKING:
    from collections.abc import Callable

    from _workflows_bridge.batch import Message

MAX_TURN_CHARACTERS = 1 << 20
"""How many characters of output one pass may have in one turn."""

_BUILTIN_LEVELS = {"DEBUG": "debug", "INFO": "info", "WARNING": "warning", "ERROR": "error", "CRITICAL": "error"}


class Output:
    """Collects what is written, until it is taken."""

    def __init__(self, pressed: Callable[[], None]) -> None:
        """*pressed* is called now and then while something is written, so that it can leave before the turn ends."""
        self.pending = False
        """Whether there is something to take."""
        self._unowned: list[dict[str, str]] = []
        self._pieces: list[tuple[_Key, list[str]]] = []
        self._sizes: dict[int, int] = {}
        self._dropped: dict[int, int] = {}
        self._pressed = pressed
        self._pressed_at = float("-inf")

    def write(self, level: str, text: str) -> None:
        """Note *text* as written by the code that runs."""
        writer = origin.get()
        if writer is None:
            self._write_unowned(level, text)
            return
        session, ref, _attempt = writer
        if session.closed:
            return
        size = self._sizes[session.pass_] = self._sizes.get(session.pass_, 0) + len(text)
        if size > MAX_TURN_CHARACTERS:
            self._dropped[session.pass_] = self._dropped.get(session.pass_, 0) + len(text)
        else:
            key = (session.pass_, ref, level, ref is None and session.replaying)
            if not self._pieces or self._pieces[-1][0] != key:
                self._pieces.append((key, []))
            self._pieces[-1][1].append(text)
            self.pending = True
        # `print` writes its end by itself: a line leaves whole.
        if text.endswith("\n") and (now := time.monotonic()) - self._pressed_at > _PRESS_INTERVAL_S:
            self._pressed_at = now
            self._pressed()

    def flush(self, level: str) -> None:
        """Hold nothing of *level* back. Nothing is, where there is one thread."""

    def _write_unowned(self, level: str, text: str) -> None:
        if self._unowned and self._unowned[-1]["level"] == level:
            if len(self._unowned[-1]["text"]) < MAX_TURN_CHARACTERS:
                self._unowned[-1]["text"] += text
        elif len(self._unowned) < _MAX_UNOWNED_TEXTS:
            self._unowned.append({"level": level, "text": text})

    def take_unowned(self) -> list[dict[str, str]]:
        """What was written outside every pass: by the modules of the deployment while they were imported."""
        unowned, self._unowned = self._unowned, []
        return unowned

    def take(self) -> list[Message]:
        """Messages for all that was written since last time."""
        messages = [_message(key, "".join(chunks).removesuffix("\n")) for key, chunks in self._pieces]
        self._pieces.clear()
        self.pending = False
        return messages

    def end_turn(self) -> list[Message]:
        """As `take`, and begin to count anew."""
        messages = self.take()
        for pass_, dropped in self._dropped.items():
            text = f"{dropped:,} characters of output were dropped: one turn may write {MAX_TURN_CHARACTERS:,}."
            messages.append(_message((pass_, None, "warning", False), text))
        self._dropped.clear()
        self._sizes.clear()
        return messages


_Key = tuple[int, int | None, str, bool]
"""Pass, ref, level, and whether it repeats what an earlier pass wrote."""
_PRESS_INTERVAL_S = 0.1
_MAX_UNOWNED_TEXTS = 1000


def _message(key: _Key, text: str) -> Message:
    pass_, ref, level, replay = key
    message: Message = {"type": "log", "pass": pass_, "level": level, "text": text}
    if ref is not None:
        message["ref"] = ref
    if replay:
        message["replay"] = True
    return message


class Stream(io.TextIOBase):
    """``sys.stdout`` or ``sys.stderr``."""

    encoding = "utf-8"
    errors = "backslashreplace"

    def __init__(self, output: Output, level: str, fd: int) -> None:
        """Write to *output* as *level*; *fd* is what ``fileno`` gives."""
        super().__init__()
        self._output = output
        self._level = level
        self._fd = fd

    def write(self, text: str) -> int:
        """Note *text*."""
        if not isinstance(text, str):
            msg = f"write() argument must be str, not {type(text).__name__}"
            raise TypeError(msg)
        if text:
            self._output.write(self._level, text)
        return len(text)

    def flush(self) -> None:
        """Let go of what `Output` may hold of a line."""
        self._output.flush(self._level)

    def writable(self) -> bool:
        """Yes."""
        return True

    def fileno(self) -> int:
        """The file descriptor that bypasses this stream."""
        return self._fd

    def close(self) -> None:
        """Stay open: other code shares this stream."""


class LogHandler(logging.Handler):
    """What `logging` falls back to where user code has configured nothing."""

    def __init__(self, output: Output) -> None:
        """Write to *output*."""
        super().__init__()
        self._output = output

    def emit(self, record: logging.LogRecord) -> None:
        """Write *record* with its level."""
        try:
            text = self.format(record)
        except Exception:  # noqa: BLE001 - user code
            self.handleError(record)
        else:
            self._output.write(_BUILTIN_LEVELS.get(record.levelname, _nearest_level(record.levelno)), text + "\n")


def _basic_config(output: Output) -> Callable[..., None]:
    original = logging.basicConfig

    def basic_config(**options: Any) -> None:  # noqa: ANN401 - as `logging` has it
        # `logging.info` and its like call it without options. There is a handler already, the last resort.
        if options:
            if options.keys().isdisjoint({"handlers", "stream", "filename"}):
                options["handlers"] = [LogHandler(output)]
            original(**options)

    basic_config.__name__ = basic_config.__qualname__ = "basicConfig"
    basic_config.__doc__ = original.__doc__
    return basic_config


def _write_past(output: Output) -> Callable[[int, Any], int]:
    original = os.write

    def write(fd: int, data: Any, /) -> int:  # noqa: ANN401 - any buffer
        if fd not in _LEVELS_BY_FD:
            return original(fd, data)
        output.write(_LEVELS_BY_FD[fd], bytes(data).decode("utf-8", "backslashreplace"))
        return len(bytes(data))

    return write


_LEVELS_BY_FD = {1: "stdout", 2: "stderr"}


def _nearest_level(number: int) -> str:
    for floor, level in ((logging.ERROR, "error"), (logging.WARNING, "warning"), (logging.INFO, "info")):
        if number >= floor:
            return level
    return "debug"


def install(output: Output) -> None:
    """Send prints, logging and warnings to *output*."""
    for fd, level in _LEVELS_BY_FD.items():
        setattr(sys, level, Stream(output, level, fd))
        setattr(sys, f"__{level}__", getattr(sys, level))
    os.write = _write_past(output)
    logging.getLogger().setLevel(logging.INFO)
    logging.lastResort = LogHandler(output)
    logging.basicConfig = _basic_config(output)
    warnings.simplefilter("always", RuntimeWarning)

    def show(message: object, category: type[Warning], filename: str, lineno: int, *_rest: object) -> None:
        output.write("warning", f"{filename}:{lineno}: {category.__name__}: {message}\n")

    warnings.showwarning = show  # type: ignore[assignment]
