"""
The region of a terminal that is drawn again and again, under lines that stay.

A terminal that becomes narrower wraps the rows that it shows, or cuts them: which of the two, no program knows. Rows of
the region that have moved cannot be found again, so the screen is drawn anew.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from rich.console import Console, ConsoleDimensions, Group
from rich.live import Live

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.text import Text

    Block = Callable[[int], list[Text]]
    """Makes lines that stay, for a width in columns."""

RECENT_BLOCKS = 200
"""So many blocks are kept for drawing the screen anew: more than a screen has rows."""


class LiveRegion:
    """
    Lines that stay, and the region under them.

    Args:
        console: The terminal.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(console=console, auto_refresh=False, transient=True)
        self._recent: deque[Block] = deque(maxlen=RECENT_BLOCKS)
        self._size = console.size
        self._rows = 0
        """How many rows the region has, as it was drawn last."""
        self._columns = 0
        """How wide its widest row is."""

    def start(self) -> None:
        """Take the terminal."""
        self._live.start()

    def stop(self) -> None:
        """Remove the region, and give the terminal back."""
        # Another program that has the terminal meanwhile writes rows, which are no rows of the region.
        self._live.update(Group(), refresh=True)
        self._live.stop()
        self._rows = self._columns = 0

    def draw(self, fresh: list[Block], lines: list[Text]) -> None:
        """Print *fresh* above the region, which becomes *lines*."""
        size = self._console.size
        if self._is_torn(size):
            # An empty region, so that no row above the cleared screen is looked for.
            self._live.update(Group(), refresh=True)
            self._console.clear()
            fresh = self._latest(size, fresh, sum(_rows_of(line, size.width) for line in lines))
        self._size = size
        self._recent.extend(fresh)
        stays = [line for block in fresh for line in block(size.width)]
        if stays:
            self._console.print(*stays, sep="\n", soft_wrap=True)
        self._live.update(Group(*lines), refresh=True)
        self._rows = sum(_rows_of(line, size.width) for line in lines)
        self._columns = max((min(line.cell_len, size.width) for line in lines), default=0)

    def _is_torn(self, size: ConsoleDimensions) -> bool:
        """Whether the terminal has moved rows of the region, or may have."""
        is_narrower = size.width < self._size.width and size.width < self._columns
        return is_narrower or (size.height < self._size.height and size.height <= self._rows)

    def _latest(self, size: ConsoleDimensions, fresh: list[Block], below: int) -> list[Block]:
        """The latest blocks that fit above *below* rows, *fresh* ones at their end in any case."""
        room = size.height - below - 1
        shown: list[Block] = []
        for block in reversed(self._recent):
            room -= sum(_rows_of(line, size.width) for line in block(size.width))
            if room < 0:
                break
            shown.insert(0, block)
        self._recent.clear()
        return shown + fresh


def _rows_of(line: Text, width: int) -> int:
    return max(1, -(-line.cell_len // width))
