"""
Progress on stderr: plain lines here, a live tree in `live.py`.

Both are told the same events by `follow.py`; what they have in common is `timeline.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TextIO

from stepwell.formatting import command, duration, moment, step_title
from stepwell.timeline import StepProgress, Timeline

if TYPE_CHECKING:
    from stepwell.responses import Event


@dataclass(frozen=True, slots=True)
class Subject:
    """
    The instance whose progress is shown.

    Attributes:
        workflow: Its workflow's name.
        instance_id: Its id.
        state_words: The option that names the state, where one is needed.
    """

    workflow: str
    instance_id: str
    state_words: tuple[str, ...] = ()

    def command(self, verb: str, *more: str) -> str:
        """The command line that does *verb* to it."""
        words = ("stepwell", "workflows", "instances", verb, self.workflow, self.instance_id)
        return command(*words, *self.state_words, *more)

    def send_command(self, event_type: str | None) -> str:
        """The command line that sends the event which is waited for."""
        return self.command("send-event", "--type", event_type or "TYPE", "--payload", "{}")


class Progress(Protocol):
    """A display of an instance's progress."""

    def show(self, event: Event) -> None:
        """Take in *event*."""

    def tick(self) -> None:
        """Time has passed, or a burst of events is over."""

    def note(self, text: str) -> None:
        """Say something of our own."""

    def hold(self, on: bool) -> None:  # noqa: FBT001 - it is a switch
        """Leave the terminal to another program, or take it back."""

    def close(self) -> None:
        """Leave the terminal as it should be."""


class NoProgress:
    """Says nothing."""

    def show(self, event: Event) -> None:
        """Take no notice."""

    def tick(self) -> None:
        """Take no notice."""

    def note(self, text: str) -> None:
        """Take no notice."""

    def hold(self, on: bool) -> None:  # noqa: FBT001 - it is a switch
        """Take no notice."""

    def close(self) -> None:
        """Nothing was opened."""


class PlainProgress:
    """
    One line for each thing that happens, for logs and pipes.

    Args:
        stream: Where to.
        subject: What it is about.
        since: When we came to look, in ms since 1970; what happened before is marked.
    """

    def __init__(self, stream: TextIO, subject: Subject, since: float) -> None:
        self._stream = stream
        self._subject = subject
        self._title = f"{subject.workflow} {subject.instance_id}"
        self._timeline = Timeline()
        self._since = since
        self._open_earlier: dict[str, str | None] = {}

    def show(self, event: Event) -> None:
        """Write the lines of *event*, if it has any."""
        earlier = event.timestamp < self._since
        if not earlier:
            self.tick()
        if event.type == "log":
            if not earlier:
                self._show_log(event)
            return
        before = self._timeline.status
        step = self._timeline.apply(event)
        if step is not None:
            line = self._step_line(event, step)
            if earlier and step.ended is None:
                self._open_earlier[step.name] = line
            elif line is not None:
                self._open_earlier.pop(step.name, None)
                self._write(f"  {step_title(step.name)}: {line}{' (earlier)' if earlier else ''}")
        elif _is_news(before, self._timeline.status) and (not earlier or self._timeline.ended is not None):
            self._write(f"{self._title}: {self._status_words()}{' (earlier)' if earlier else ''}")

    def tick(self) -> None:
        """Say what was begun earlier and is still going on; nothing else moves by itself here."""
        for name, line in self._open_earlier.items():
            if line is not None:
                self._write(f"  {step_title(name)}: {line} (earlier)")
        self._open_earlier.clear()

    def note(self, text: str) -> None:
        """Write *text* on a line of its own."""
        self._write(text)

    def hold(self, on: bool) -> None:  # noqa: FBT001 - it is a switch
        """Take no notice: lines stand where they are."""

    def close(self) -> None:
        """Everything is written already."""

    def _status_words(self) -> str:
        story = self._timeline
        if story.status == "paused":
            return f"paused; resume it with: {self._subject.command('resume')}"
        if story.ended is None or story.started is None:
            return story.status
        return f"{story.status} in {duration((story.ended - story.started) / 1000)}"

    def _step_line(self, event: Event, step: StepProgress) -> str | None:
        match event.type:
            case "attempt_started":
                return "started" if step.attempt == 1 else f"attempt {step.attempt} started"
            case "attempt_errored":
                again = "" if step.state != "retrying" else f"; again in {duration((event.retry_delay_ms or 0) / 1000)}"
                return f"attempt {event.attempt} failed: {event.error}{again}"
            case "sleep_started":
                return f"sleeping {duration((event.duration_ms or 0) / 1000)}, until {moment(step.until)}"
            case "wait_started":
                limit = "" if event.timeout_ms is None else f" for at most {duration(event.timeout_ms / 1000)}"
                hint = self._subject.send_command(event.event_type)
                return f"waiting for event {event.event_type!r}{limit}; send it with: {hint}"
        if step.ended is None:
            return None
        attempts = f" ({step.attempt} attempts)" if step.attempt > 1 else ""
        return f"{step.state} in {duration((step.ended - step.started) / 1000)}{attempts}"

    def _show_log(self, event: Event) -> None:
        where = f"  {step_title(event.step_name)}" if event.step_name else f"{self._title}"
        for line in (event.text or "").splitlines() or [""]:
            self._write(f"{where} | {line}")

    def _write(self, line: str) -> None:
        self._stream.write(line + "\n")
        self._stream.flush()


def _is_news(before: str, status: str) -> bool:
    # What is waited for has a line of its own.
    return status not in {before, "waiting"} and (before, status) != ("waiting", "running")
