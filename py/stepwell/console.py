"""Rich's console, for unchecked text."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rich.console import Console
from rich.segment import Segment

from stepwell.printable import printable, raw_stream

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import ConsoleOptions, RenderableType


class PrintableConsole(Console):
    """A console that styles text, and prints no control character which that text holds."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """The parts of *renderable*. Rich's own control codes are parts of another kind, which stay."""
        for segment in super().render(renderable, options):
            text, style, control = segment
            yield segment if control else Segment(printable(text), style)


def open_console(*, is_error: bool = False, width: int | None = None) -> PrintableConsole:
    """The console on standard output, or on standard error."""
    stream = sys.stderr if is_error else sys.stdout
    return PrintableConsole(file=raw_stream(stream), highlight=False, width=width)
