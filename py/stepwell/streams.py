"""The standard streams of the command, whatever the caller has made of them: closed, full, a broken pipe, not UTF-8."""

from __future__ import annotations

import errno
import io
import os
import sys
from typing import TYPE_CHECKING

from stepwell.exceptions import InputError, StepwellError

if TYPE_CHECKING:
    from typing import TextIO


class OutputError(InputError):
    """Standard output cannot be written."""


class OutputClosedError(StepwellError):
    """The reader of standard output has closed its end. There is nothing left to say."""


class StandardOutput(io.TextIOWrapper):
    """
    Standard output. What it cannot encode is escaped.

    Raises:
        OutputClosedError: The reader has closed its end.
        OutputError: It cannot be written for another reason.
    """

    def write(self, text: str) -> int:
        """Write *text*."""
        if text == "":
            # click writes nothing to find out what it writes to, and drops the error.
            return 0
        try:
            return super().write(text)
        except OSError as error:
            raise _refusal(self, error) from error

    def flush(self) -> None:
        """Pass on what was written."""
        try:
            super().flush()
        except OSError as error:
            raise _refusal(self, error) from error


class StandardError(io.TextIOWrapper):
    """Standard error. What cannot be written is dropped: an instance does not end because its progress is not read."""

    def write(self, text: str) -> int:
        """Write *text*."""
        try:
            return super().write(text)
        except OSError:
            return len(text)

    def flush(self) -> None:
        """Pass on what was written."""
        try:
            super().flush()
        except OSError:
            _drop(self)


def _refusal(stream: TextIO, error: OSError) -> Exception:
    _drop(stream)
    if error.errno == errno.EPIPE:
        return OutputClosedError(error.strerror)
    return OutputError(f"Standard output cannot be written: {error.strerror}.")


def _drop(stream: TextIO) -> None:
    """Drop what *stream* still buffers, and all that follows. The interpreter flushes it at its end."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, stream.fileno())
    os.close(null)


def open_streams() -> None:
    """
    Make the three standard streams usable.

    A closed descriptor is opened on the null device first: otherwise a socket could get its number, and receive what is
    printed.
    """
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            # The lowest free number is this one.
            os.open(os.devnull, os.O_RDONLY if descriptor == 0 else os.O_WRONLY)
    sys.stdout = _reopen(sys.stdout, 1, StandardOutput)
    sys.stderr = _reopen(sys.stderr, 2, StandardError)


def _reopen(stream: TextIO | None, descriptor: int, kind: type[io.TextIOWrapper]) -> TextIO:
    if isinstance(stream, io.TextIOWrapper):
        encoding, line_buffering, write_through = stream.encoding, stream.line_buffering, stream.write_through
        return kind(stream.detach(), encoding, "backslashreplace", None, line_buffering, write_through)
    if stream is not None:
        # Another program runs the command in its own process, and has replaced the stream.
        return stream
    return kind(open(descriptor, "wb", closefd=False), "utf-8", "backslashreplace")


def stream_encoding(stream: TextIO | None) -> str:
    """The encoding of *stream*."""
    return getattr(stream, "encoding", None) or "utf-8"


def takes_unicode(stream: TextIO | None) -> bool:
    """Whether *stream* can encode every character."""
    return stream_encoding(stream).lower().replace("_", "-").startswith(("utf-8", "utf8", "utf-16", "utf-32"))
