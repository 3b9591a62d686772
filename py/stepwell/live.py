"""
Progress on a terminal: a tree.

What has ended is printed once and scrolls away like any output; only what is going on is redrawn. So the tree may have
ten thousand steps and still be read afterwards.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from rich.text import Text

from stepwell.formatting import STATUS_SIGNS, duration, moment, step_title
from stepwell.live_region import LiveRegion
from stepwell.timeline import StepProgress, Timeline

if TYPE_CHECKING:
    from rich.console import Console

    from stepwell.live_region import Block
    from stepwell.progress import Subject
    from stepwell.responses import Event

REDRAW_INTERVAL_S = 0.1
"""Seconds; a burst of events is drawn once."""
RESERVED_LINES = 4
"""Lines of the terminal that the running steps leave free."""

SIGNS = {
    "running": ("▶", "cyan"),
    "retrying": ("🔁", "yellow"),
    "sleeping": ("💤", "blue"),
    "waiting": ("👀", "magenta"),
    "complete": ("✅", "green"),
    "errored": ("❌", "red"),
    "timed out": ("⏰", "red"),
}
NAME_WIDTH_COLUMNS = 28
LOG_NAME_COLUMNS = 16
"""Columns of a step's name before each line that it prints."""
OUTCOME_COLUMNS = 40
"""Columns for what a finished line says besides the name."""
WIDE_COLUMNS = 10_000
"""No name is longer."""


class LiveProgress:
    """
    A tree of the workflow and its steps.

    Args:
        console: The terminal.
        subject: What it is about.
        since: When we came to look, in ms since 1970; what happened before is marked.
    """

    def __init__(self, console: Console, subject: Subject, since: float) -> None:
        self._console = console
        self._subject = subject
        self._timeline = Timeline()
        self._since = since
        title = Text.assemble((subject.workflow, "bold"), "  ", (subject.instance_id, "dim"))
        self._fresh: list[Block] = [lambda _width: [title]]
        self._drawn = 0.0
        self._region = LiveRegion(console)
        self._held = False
        self._closed = False
        # The terminal is taken and given back by another thread than the one that draws.
        self._terminal = threading.Lock()
        self._region.start()

    def show(self, event: Event) -> None:
        """Take *event* in; it is drawn with the next `tick`."""
        if event.type == "log":
            if event.timestamp >= self._since:
                self._fresh.append(lambda _width: log_lines(event))
            return
        step = self._timeline.apply(event)
        if step is None:
            return
        if event.type == "attempt_errored":
            # Told under the step when it has ended, and in its own line until then.
            return
        if step.ended is not None:
            earlier = event.timestamp < self._since
            self._fresh.append(lambda width: finished_lines(step, earlier=earlier, width=width))

    def tick(self) -> None:
        """Draw, unless that was done a moment ago."""
        now = time.monotonic()
        if now - self._drawn >= REDRAW_INTERVAL_S:
            self._drawn = now
            self._draw()

    def note(self, text: str) -> None:
        """Print *text* under what there is."""
        lines = [Text(line) for line in text.split("\n")]
        self._fresh.append(lambda _width: lines)
        self._draw()

    def hold(self, on: bool) -> None:  # noqa: FBT001 - it is a switch
        """Leave the terminal to another program, or take it back."""
        with self._terminal:
            self._held = on
            if on:
                self._region.stop()
            elif not self._closed:
                self._region.start()

    def close(self) -> None:
        """Leave the last line of the tree found."""
        with self._terminal:
            self._closed = True
            status = self._status_line()
            self._region.draw([*self._take_fresh(), lambda _width: [status]], [])
            self._region.stop()

    def _draw(self) -> None:
        with self._terminal:
            if not self._held:
                self._region.draw(self._take_fresh(), [*self._running_lines(), self._status_line()])

    def _take_fresh(self) -> list[Block]:
        fresh, self._fresh = self._fresh, []
        return fresh

    def _running_lines(self) -> list[Text]:
        now = time.time() * 1000
        room = max(self._console.height - RESERVED_LINES, 1)
        lines: list[Text] = []
        steps = list(self._timeline.steps.values())
        for index, step in enumerate(steps):
            more = running_lines(step, now, self._subject, self._console.width)
            if len(lines) + len(more) > room:
                lines.append(Text(f"│  … and {len(steps) - index} more", "dim"))
                break
            lines += more
        for line in lines:
            line.truncate(self._console.width, overflow="ellipsis")
        return lines

    def _status_line(self) -> Text:
        story = self._timeline
        line = Text.assemble(("└─ ", "dim"), STATUS_SIGNS.get(story.status, story.status))
        if story.started is not None:
            line.append(f" · {duration(((story.ended or time.time() * 1000) - story.started) / 1000)}", "dim")
        if story.status == "paused":
            line.append(f" · resume it with: {self._subject.command('resume')}", "magenta")
        if story.finished:
            line.append(f" · {story.finished} step{'s' if story.finished > 1 else ''} done", "dim")
        return line


def running_lines(step: StepProgress, now: float, subject: Subject, width: int = WIDE_COLUMNS) -> list[Text]:
    """
    The lines of a step that is going on.

    Args:
        step: Which.
        now: In ms since 1970.
        subject: The instance.
        width: Columns of the terminal. The name is cut to them, so that the line stays one.
    """
    line = _head(step, max(width - OUTCOME_COLUMNS, LOG_NAME_COLUMNS))
    left = None if step.until is None else duration((step.until - now) / 1000)
    match step.state:
        case "retrying":
            failure = step.failures[-1]
            line.append(f"attempt {failure.attempt} failed, again in {left}", "yellow")
            line.append(f" · {failure.error}", "dim")
        case "sleeping":
            line.append(f"until {moment(step.until)} · {left}", "blue")
        case "waiting":
            line.append(f"waiting for event {step.event_type!r}" + (f" · {left} left" if left else ""), "magenta")
            return [line, Text(f"│     send it with: {subject.send_command(step.event_type)}", "dim")]
        case _:
            attempt = f"attempt {step.attempt} · " if step.attempt > 1 else ""
            line.append(f"{attempt}{duration((now - step.started) / 1000)}", "cyan")
    return [line]


def finished_lines(step: StepProgress, *, earlier: bool, width: int = WIDE_COLUMNS) -> list[Text]:
    """
    The lines of a step that has ended.

    Args:
        step: Which.
        earlier: It ended before we came to look.
        width: Columns of the terminal. The name is cut to them, so that the line stays one.
    """
    line = _head(step, max(width - OUTCOME_COLUMNS, LOG_NAME_COLUMNS))
    took = duration(((step.ended or step.started) - step.started) / 1000)
    attempts = f"{step.attempt} attempts · " if step.attempt > 1 else ""
    line.append(f"{attempts}{took}{' · earlier' if earlier else ''}", "dim")
    failures = [Text(f"│     attempt {failure.attempt}: {failure.error}", "dim") for failure in step.failures]
    return [line, *failures]


def log_lines(event: Event) -> list[Text]:
    """The lines that user code printed."""
    prefix = f"│     {_cut(step_title(event.step_name), LOG_NAME_COLUMNS)} │ " if event.step_name else "│  "
    return [Text(prefix + line, "dim") for line in (event.text or "").splitlines() or [""]]


def _head(step: StepProgress, name_width: int = WIDE_COLUMNS) -> Text:
    sign, style = SIGNS[step.state]
    return Text.assemble(
        ("├─ ", "dim"), (sign, style), " ", f"{_cut(step_title(step.name), name_width):<{NAME_WIDTH_COLUMNS}} "
    )


def _cut(name: str, width: int) -> str:
    """*name* in at most *width* columns."""
    text = Text(name)
    text.truncate(width, overflow="ellipsis")
    return text.plain
