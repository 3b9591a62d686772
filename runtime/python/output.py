"""
Output of user code, as ``log`` messages of the pass and the step whose code wrote it.

Nothing crosses to JavaScript per line: what is written collects in Python and leaves with the messages of the turn.
"""

from __future__ import annotations

import codecs
import io
import logging
import os
import sys
import time
import warnings
from typing import TYPE_CHECKING, Any

from _workflows_bridge.handler_call import current_call
from _workflows_bridge.origin import origin

if TYPE_CHECKING:
    from collections.abc import Callable

    from _workflows_bridge.batch import Message

MAX_TURN_CHARACTERS = 1 << 20
"""How many characters of output one pass may have in one turn."""
MAX_LATE_OUTPUT_CHARACTERS = 1 << 16
"""How many characters of what it writes after that in the same turn are kept."""
MAX_LATE_LINE_CHARACTERS = 1000
"""How many of each such write."""

_BUILTIN_LEVELS = {"DEBUG": "debug", "INFO": "info", "WARNING": "warning", "ERROR": "error", "CRITICAL": "error"}


class Output:
    """Collects what is written, until it is taken."""

    def __init__(self, pressed: Callable[[], None]) -> None:
        """*pressed* is called now and then while something is written, so that it can leave before the turn ends."""
        self.pending = False
        """Whether there is something to take."""
        self.written = False
        """Whether a pass has written something in this turn."""
        self._unowned: list[dict[str, str]] = []
        self.serving = False
        """Whether handlers are called here: what is no pass's is theirs, then."""
        self._of_calls: list[tuple[int | None, str, list[str]]] = []
        """What handlers have written: the number of the call, the level, and pieces of text."""
        self._of_calls_size = 0
        self._pieces: list[tuple[_Key, list[str]]] = []
        self._sizes: dict[int, int] = {}
        self._dropped: dict[int, int] = {}
        self._bytes_taken = False
        self._pressed = pressed
        self._pressed_at = float("-inf")

    def write(self, level: str, text: str) -> None:
        """Note *text* as written by the code that runs."""
        writer = origin.get()
        if writer is None:
            if self.serving:
                self._write_of_call(level, text)
            else:
                self._write_unowned(level, text)
            return
        session, ref, _attempt = writer
        if session.closed:
            return
        self.written = True
        kept, late = self._bounded(session.pass_, text)
        if kept:
            key = (session.pass_, ref, level, ref is None and session.replaying)
            # A late line is a message of its own: the engine, too, keeps more of the first messages than of later ones.
            begins = late and self._pieces and self._pieces[-1][1][-1].endswith("\n")
            if not self._pieces or self._pieces[-1][0] != key or begins:
                self._pieces.append((key, []))
            self._pieces[-1][1].append(kept)
            self.pending = True
        # `print` writes its end by itself: a line leaves whole.
        if text.endswith("\n") and (now := time.monotonic()) - self._pressed_at > _PRESS_INTERVAL_S:
            self._pressed_at = now
            self._pressed()

    def _bounded(self, pass_: int, text: str) -> tuple[str, bool]:
        """What is kept of *text*: all of it, or its beginning; and whether it comes after the first bound."""
        size = self._sizes.get(pass_, 0)
        room = MAX_TURN_CHARACTERS - size
        kept = text
        if len(text) > room:
            late_room = min(MAX_LATE_LINE_CHARACTERS, MAX_LATE_OUTPUT_CHARACTERS + room)
            kept = text[: max(0, room, late_room)]
            self._dropped[pass_] = self._dropped.get(pass_, 0) + len(text) - len(kept)
            if kept and text.endswith("\n") and not kept.endswith("\n"):
                kept += "\n"
        self._sizes[pass_] = size + len(kept)
        return kept, room <= 0

    def flush(self, level: str) -> None:
        """Hold nothing of *level* back. Nothing is, where there is one thread."""

    def _write_unowned(self, level: str, text: str) -> None:
        if self._unowned and self._unowned[-1]["level"] == level:
            room = MAX_TURN_CHARACTERS - len(self._unowned[-1]["text"])
            if room > 0:
                self._unowned[-1]["text"] += text[:room]
        elif len(self._unowned) < _MAX_UNOWNED_TEXTS:
            self._unowned.append({"level": level, "text": text[:MAX_TURN_CHARACTERS]})

    def _write_of_call(self, level: str, text: str) -> None:
        call = current_call.get()
        number = None if call is None else call.number
        kept = text[: max(0, MAX_TURN_CHARACTERS - self._of_calls_size)]
        self._of_calls_size += len(text)
        latest = self._of_calls[-1] if self._of_calls else None
        if latest and latest[:2] == (number, level):
            latest[2].append(kept)
        elif kept:
            self._of_calls.append((number, level, [kept]))

    def take_of_calls(self) -> list[tuple[int | None, str, str]]:
        """What handlers have written since last time: the number of the call, the level and the text."""
        self._write_through()
        taken = [(number, level, "".join(pieces).removesuffix("\n")) for number, level, pieces in self._of_calls]
        if self._of_calls_size > MAX_TURN_CHARACTERS:
            dropped = self._of_calls_size - MAX_TURN_CHARACTERS
            text = f"{dropped:,} characters of output were dropped: one turn may write {MAX_TURN_CHARACTERS:,}."
            taken.append((None, "warning", text))
        self._of_calls.clear()
        self._of_calls_size = 0
        return taken

    def take_unowned(self) -> list[dict[str, str]]:
        """What was written outside every pass: by the modules of the deployment while they were imported."""
        self._write_through()
        unowned, self._unowned = self._unowned, []
        return unowned

    def take(self) -> list[Message]:
        """Messages for all that was written since last time."""
        self._write_through()
        messages = [_message(key, "".join(chunks).removesuffix("\n")) for key, chunks in self._pieces]
        self._pieces.clear()
        self.pending = False
        return messages

    def note_bytes(self) -> None:
        """User code has taken the bytes below a stream: its own stream on them may hold text back."""
        self._bytes_taken = True
        self.pending = self.written = True

    def _write_through(self) -> None:
        if not self._bytes_taken:
            return
        self._bytes_taken = False
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper) and isinstance(stream.buffer, PrintedBytes):
                # From now on its text is noted when it is written, by whoever writes it.
                stream.reconfigure(write_through=True)

    def end_turn(self) -> list[Message]:
        """As `take`, and begin to count anew."""
        messages = self.take()
        for pass_, dropped in self._dropped.items():
            text = f"{dropped:,} characters of output were dropped: one turn may write {MAX_TURN_CHARACTERS:,}."
            messages.append(_message((pass_, None, "warning", False), text))
        self._dropped.clear()
        self._sizes.clear()
        self.written = False
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


_NEWLINES = (None, "", "\n", "\r", "\r\n")


class PrintedBytes(io.BufferedIOBase):
    """``sys.stdout.buffer``: bytes, as UTF-8, that are written to the stream of text above it."""

    mode = "wb"

    def __init__(self, text: PrintedText) -> None:
        """Write to *text*."""
        super().__init__()
        self.name = text.name
        self.raw = self  # nothing is below it
        self._text = text
        self._decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")

    def write(self, data: Any, /) -> int:  # noqa: ANN401 - any buffer
        """Note *data*. Half a character at its end waits for the other half."""
        if isinstance(data, str):
            msg = "a bytes-like object is required, not 'str'"
            raise TypeError(msg)
        content = bytes(data)
        self._text.write(self._decoder.decode(content))
        return len(content)

    def flush(self) -> None:
        """As the stream of text does."""
        self._text.flush()

    def writable(self) -> bool:
        """Yes."""
        return True

    def fileno(self) -> int:
        """That of the stream of text."""
        return self._text.fileno()

    def isatty(self) -> bool:
        """No."""
        return False

    def close(self) -> None:
        """Stay open: other code shares this stream."""


class PrintedText(io.TextIOBase):
    """``sys.stdout`` or ``sys.stderr``."""

    encoding = "utf-8"
    errors = "backslashreplace"
    mode = "w"
    line_buffering = True
    write_through = True

    def __init__(self, output: Output, level: str, fd: int) -> None:
        """Write to *output* as *level*; *fd* is what ``fileno`` gives."""
        super().__init__()
        self.name = f"<{level}>"
        self._output = output
        self._level = level
        self._fd = fd
        self._bytes = PrintedBytes(self)

    @property
    def buffer(self) -> PrintedBytes:
        """The stream of bytes below this one."""
        self._output.note_bytes()
        return self._bytes

    def detach(self) -> PrintedBytes:  # type: ignore[override]
        """The stream of bytes, for another stream of text. This one can still be used: other code has it, too."""
        return self.buffer

    def reconfigure(
        self,
        *,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
        line_buffering: bool | None = None,
        write_through: bool | None = None,
    ) -> None:
        """As ``io.TextIOWrapper`` has it. Text is kept as it is, so that nothing of this changes what is written."""
        if encoding is not None:
            self.encoding = codecs.lookup(encoding).name
        if errors is not None:
            codecs.lookup_error(errors)
            self.errors = errors
        if newline not in _NEWLINES:
            msg = f"illegal newline value: {newline!r}"
            raise ValueError(msg)
        if line_buffering is not None:
            self.line_buffering = bool(line_buffering)
        if write_through is not None:
            self.write_through = bool(write_through)

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
        setattr(sys, level, PrintedText(output, level, fd))
        setattr(sys, f"__{level}__", getattr(sys, level))
    os.write = _write_past(output)
    logging.getLogger().setLevel(logging.INFO)
    logging.lastResort = LogHandler(output)
    logging.basicConfig = _basic_config(output)
    warnings.simplefilter("always", RuntimeWarning)

    def show(message: object, category: type[Warning], filename: str, lineno: int, *_rest: object) -> None:
        output.write("warning", f"{filename}:{lineno}: {category.__name__}: {message}\n")

    warnings.showwarning = show  # type: ignore[assignment]
