r"""
Text from people, files, workflows and hosts, made safe to print.

A terminal obeys control characters: they move its cursor, rename its window, hide text or type for its user. None of
those that come with a name, an id, a value or a print reaches it: each is written as what it is, such as ``\x1b``.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Self, TextIO, cast

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

_CONTROLS = [*range(0x20), *range(0x7F, 0xA0)]
_DIRECTIONS = [0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
"""What changes the order in which text is shown."""
_ESCAPES = {code: f"\\x{code:02x}" for code in _CONTROLS if chr(code) not in "\t\n"} | {
    code: f"\\u{code:04x}" for code in _DIRECTIONS
}
_JSON_ESCAPES = {code: f"\\u{code:04x}" for code in (*range(0x7F, 0xA0), *_DIRECTIONS)}


def printable(text: str) -> str:
    """*text* with each control character written as its code; tabs and line ends stay."""
    return text.replace("\r\n", "\n").translate(_ESCAPES)


def printable_json(text: str) -> str:
    """JSON of the same value, whose strings hold no control character as it is."""
    return text.translate(_JSON_ESCAPES)


class PrintableStream:
    """A text stream that writes `printable` text to *raw*, and is *raw* in all else."""

    def __init__(self, raw: TextIO) -> None:
        self.raw = raw

    def write(self, text: str) -> int:
        """Write *text*."""
        self.raw.write(printable(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write each of *lines*."""
        for line in lines:
            self.write(line)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.raw.flush()

    def __getattr__(self, name: str) -> object:
        return getattr(self.raw, name)


def guard_standard_streams() -> None:
    """Let everything that this process prints go through `printable`. Styles are for consoles of `console.py`."""
    sys.stdout = cast("TextIO", PrintableStream(sys.stdout))
    sys.stderr = cast("TextIO", PrintableStream(sys.stderr))


def raw_stream(stream: TextIO) -> TextIO:
    """What *stream* writes to, for what styles its text itself."""
    return cast("TextIO", getattr(stream, "raw", stream))
