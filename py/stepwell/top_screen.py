"""The screen of `stepwell top`: the whole terminal, drawn anew each time, so that no row of before is left."""

from __future__ import annotations

import threading
from datetime import datetime
from typing import TYPE_CHECKING, Self

from rich.console import Group
from rich.live import Live

from stepwell.formatting import moment
from stepwell.terminal_keys import TerminalKeys
from stepwell.top_table import SORTS, WorkflowActivity, screen_lines

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from rich.console import Console

    from stepwell.responses import InstanceSummary

KEYS = "q quit · s sort"


class TopScreen:
    """
    What is shown, and the keys that change it.

    Args:
        console: The terminal.
        sort: The column that the table is sorted by.

    Attributes:
        problem: What is wrong, shown in the last row.
        is_closed: The user has quit.
    """

    def __init__(self, console: Console, sort: str) -> None:
        self._console = console
        self._sort = sort
        # The screen has no scrollback: what a narrower terminal wraps is drawn over.
        self._live = Live(console=console, screen=True, auto_refresh=False)
        self._keys = TerminalKeys(self.press)
        self._changed = threading.Event()
        self._rows: Sequence[WorkflowActivity] = ()
        self._instances: Sequence[InstanceSummary] = ()
        self._head = "stepwell top"
        self._size = console.size
        self._problem_shown: str | None = None
        self.problem: str | None = None
        self.is_closed = False

    def __enter__(self) -> Self:
        self._live.start()
        self._keys.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._keys.close()
        self._live.stop()

    def show(
        self, rows: Sequence[WorkflowActivity], instances: Sequence[InstanceSummary], *, lost: int, seconds: int
    ) -> None:
        """Show *rows* and *instances* from now on."""
        self._rows, self._instances = rows, instances
        going_on = sum(row.count("running", "rollingBack") for row in rows)
        steps = sum(row.rates["steps"] for row in rows)
        missing = f" · {lost:,} events not counted" if lost else ""
        self._head = (
            f"stepwell top · {moment(datetime.now().astimezone())} · {going_on:,} running · {steps:,.1f} steps/s "
            f"(last {seconds} s){missing}"
        )
        self._draw()

    def tick(self) -> None:
        """Draw again if the terminal has another size, or what is shown has changed."""
        if self._changed.is_set() or self._console.size != self._size or self.problem != self._problem_shown:
            self._draw()

    def wait(self, seconds: float) -> None:
        """Let *seconds* pass, fewer if a key is pressed."""
        self._changed.wait(seconds)

    def _draw(self) -> None:
        self._changed.clear()
        size = self._size = self._console.size
        self._problem_shown = self.problem
        foot = f"{self.problem} · {KEYS}" if self.problem else f"{KEYS} (by {self._sort})"
        lines = screen_lines(
            self._rows,
            self._instances,
            head=self._head,
            foot=foot,
            sort=self._sort,
            width=size.width,
            height=size.height,
        )
        # Rich fills the screen, so that each row covers what was there.
        self._live.update(Group(*lines), refresh=True)

    def press(self, key: str) -> None:
        """Do what *key* stands for."""
        if key in {"q", "Q"}:
            self.is_closed = True
        elif key == "s":
            self._sort = SORTS[(SORTS.index(self._sort) + 1) % len(SORTS)]
        self._changed.set()
