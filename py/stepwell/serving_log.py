"""The lines that `stepwell dev` and `stepwell serve` print: for people, or as JSON for programs."""

from __future__ import annotations

import json
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

import click

from stepwell.printable import printable
from stepwell.streams import takes_unicode

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO

Event = dict[str, Any]
Format = Literal["text", "json"]

INSTANCE_LINES = {
    "workflow_started": "started",
    "workflow_completed": "complete",
    "workflow_errored": "errored",
    "workflow_terminated": "terminated",
}
STEP_LINES = {
    "step_completed": "step '{step}' done",
    "step_errored": "step '{step}' failed",
    "attempt_errored": "step '{step}': attempt {attempt} failed",
    "sleep_started": "sleep '{step}'",
    "wait_started": "wait '{step}'",
    "wait_timed_out": "wait '{step}' timed out",
}


class ServingLog:
    """
    Prints events as they come; several threads may do so.

    Args:
        format_: How.
        stream: Where; for people both kinds of lines go to one stream.
        steps: Print a line for each step of instances too.
        clock: The time in seconds since 1970, for events that have none.
    """

    def __init__(
        self,
        format_: Format,
        stream: TextIO | None = None,
        *,
        steps: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._format = format_
        self._stream = stream or (sys.stdout if format_ == "json" else sys.stderr)
        self._steps = steps
        self._clock = clock
        self._lock = threading.Lock()

    def say(self, text: str, **fields: object) -> None:
        """Print a sentence; for programs with *fields*."""
        self.event({"type": "notice", "text": text, **fields})

    def event(self, event: Event) -> None:
        """Print an event of a serving, or nothing where people are not told of its kind."""
        if self._format == "json":
            ascii_alone = not takes_unicode(self._stream)
            self._write(json.dumps({"time": round(self._clock() * 1000), **event}, ensure_ascii=ascii_alone))
            return
        for line in text_of(event, steps=self._steps):
            self._write(line)

    def _write(self, line: str) -> None:
        with self._lock:
            click.echo(line, file=self._stream)


def text_of(event: Event, *, steps: bool = True) -> list[str]:  # noqa: C901, PLR0911 - one for each kind
    """The lines that people see of an event."""
    match event:
        case {"type": "notice", "text": str(text)}:
            return [text]
        case {"type": "request", "method": str(method), "url": str(url), "status": int(status)}:
            parts = urlsplit(url)
            target = parts.path + (f"?{parts.query}" if parts.query else "")
            return [printable(f"{method} {target} {status} ({event['duration_ms']} ms)")]
        case {"type": "error"}:
            return _error_lines(event)
        case {"type": "cron", "outcome": outcome}:
            done = f"scheduled {event['cron'] or '(now)'}: {outcome}"
            return [done] if outcome == "ok" else [done, *_error_lines(event)]
        case {"type": "queue", "queue": str(queue), "messages": int(messages), "outcome": outcome}:
            delivered = printable(f"queue {queue}: {messages} message{'' if messages == 1 else 's'}: {outcome}")
            return [delivered] if outcome == "ok" else [delivered, *_error_lines(event)]
        case {"type": "output", "text": str(text)}:
            return [printable(line) for line in text.rstrip("\n").split("\n")]
        case {"type": "divergence"}:
            return [_divergence_line(event)]
        case {"type": "dropped" | "events_lost", "count": int(count)}:
            return [f"{count} lines were left out: they came faster than they could be printed."]
        case {"type": "log", "workflowName": str(workflow), "instanceId": str(id_), "text": str(text)}:
            step = event.get("stepName")
            where = f"{workflow} {id_}" + (f" {step}" if step else "")
            return [printable(f"{where}: {line}") for line in text.rstrip("\n").split("\n")]
        case {"type": str(kind), "workflowName": str(workflow), "instanceId": str(id_)}:
            line = _instance_line(kind, event, steps=steps)
            return [] if line is None else [printable(f"{workflow} {id_}: {line}")]
    return []


def _error_lines(event: Event) -> list[str]:
    text = event.get("traceback") or f"{event.get('name', 'Error')}: {event.get('message', '')}"
    return [printable(line) for line in str(text).rstrip("\n").split("\n")]


def _divergence_line(event: Event) -> str:
    place = f" ({event['file']}:{event['line']})" if event.get("line") else ""
    text = f"Instance '{event['id']}' of '{event['workflow']}' does not fit the new code at step '{event['step']}'"
    return printable(f"{text}{place}: {event['text']}. It continues in the new code.")


def _instance_line(kind: str, event: Event, *, steps: bool) -> str | None:
    if kind in INSTANCE_LINES:
        return INSTANCE_LINES[kind] + _reason(event)
    if steps and kind in STEP_LINES:
        name = event.get("stepName") or event.get("step") or ""
        return STEP_LINES[kind].format(step=name, attempt=event.get("attempt", "")) + _reason(event)
    return None


def _reason(event: Event) -> str:
    match event.get("error"):
        case {"name": str(name), "message": str(message)}:
            return f" ({name}: {message})"
    return ""
