"""The steps of an instance as a tree, for people: attempts, prints and outputs below their step."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click
from rich.text import Text

from stepwell.formatting import (
    STEP_SIGNS,
    TRIGGER_SIGNS,
    between,
    command,
    duration,
    moment,
    plain,
    shortened,
    signed,
    step_title,
    to_json,
)
from stepwell.models import Attempt, DoStep, InstanceDetail, LogLine, SleepStep, Step, Termination, WaitStep
from stepwell.tables import open_table_console

if TYPE_CHECKING:
    from collections.abc import Sequence

PRINTS_SHOWN = 20
"""Lines of a step, the latest ones; `stepwell logs` has all of them."""
_MIB = 1 << 20

_STATES = {
    "running": ("▶", "cyan"),
    "retrying": ("🔁", "yellow"),
    "sleeping": ("💤", "blue"),
    "waiting": ("👀", "magenta"),
    "complete": ("✅", "green"),
    "errored": ("❌", "red"),
    "cut": ("🚫", "dim"),
}
_KINDS = {"sleep": "sleep", "waitForEvent": "wait", "rollback": "rollback"}


def print_steps(instance_id: str, detail: InstanceDetail, *, output_limit: int | None, with_logs: bool) -> None:
    """Print what the code printed outside of steps, then the steps."""
    prints: dict[str | None, list[LogLine]] = defaultdict(list)
    for line in detail.logs if with_logs else ():
        prints[line.step].append(line)
    console = open_table_console()
    if outside := prints.pop(None, []):
        click.echo("\nLogs:")
        for text in _print_lines(outside, instance_id):
            console.print(Text(f"  {text}"), soft_wrap=True)
    if not detail.steps:
        return
    click.echo("\nSteps:")
    has_ended = detail.end is not None
    for index, step in enumerate(detail.steps):
        is_last = index == len(detail.steps) - 1
        console.print(
            Text.assemble(("└─ " if is_last else "├─ ", "dim"), _head(step, has_ended=has_ended)), soft_wrap=True
        )
        # A rollback has the name of its step, whose prints they are.
        own = [] if isinstance(step, Termination) else prints.pop(step.name, [])
        for text in _below(step, own, instance_id, output_limit):
            console.print(Text.assemble(("   " if is_last else "│  ", "dim"), text), soft_wrap=True)


def state_of(step: DoStep | SleepStep | WaitStep, *, has_ended: bool = False) -> str:
    """What the step does now. *has_ended*: its instance has, so that no part of it runs."""
    if isinstance(step, DoStep):
        if step.success is not None:
            return "complete" if step.success else "errored"
        state = "running" if retry_at(step) is None else "retrying"
    elif step.finished:
        return "complete" if step.error is None else "errored"
    else:
        state = "sleeping" if isinstance(step, SleepStep) else "waiting"
    return "cut" if has_ended else state


def retry_at(step: DoStep) -> datetime | None:
    """When the next attempt begins, if the step waits for it."""
    last = step.attempts[-1] if step.attempts else None
    if step.end is not None or last is None or last.end is None or last.retry_delay_ms is None:
        return None
    return last.end + timedelta(milliseconds=last.retry_delay_ms)


def _head(step: Step, *, has_ended: bool) -> Text:
    """The step's own line."""
    if isinstance(step, Termination):
        return Text(f"{signed(STEP_SIGNS, step.type)} · {signed(TRIGGER_SIGNS, step.trigger.source)}")
    state = state_of(step, has_ended=has_ended)
    sign, style = _STATES[state]
    kind = f" ({_KINDS[step.type]})" if step.type in _KINDS else ""
    head = Text.assemble((plain(f"{sign} {state}"), style), f" · {step_title(step.name)}{kind}")
    for part in _parts(step, state):
        head.append(f" · {part}", style if state in {"retrying", "sleeping", "waiting"} else "dim")
    return head


def _parts(step: DoStep | SleepStep | WaitStep, state: str) -> list[str]:
    now = datetime.now(UTC)
    parts = []
    if isinstance(step, DoStep) and len(step.attempts) > 1:
        parts.append(f"{len(step.attempts)} attempts")
    match state:
        case "retrying" if isinstance(step, DoStep) and (at := retry_at(step)):
            parts.append(f"next attempt at {moment(at)}, in {_left(at, now)}")
        case "sleeping":
            parts.append(f"until {moment(step.end)}, {_left(step.end, now)} left")
        case "waiting" if isinstance(step, WaitStep):
            until = "" if step.until is None else f" until {moment(step.until)}, {_left(step.until, now)} left"
            parts.append(f"for event {step.event_type!r}{until}")
        case "running":
            parts.append(f"for {between(step.start, now)}")
        case "cut":
            parts.append("ended with the instance")
        case _:
            parts.append(between(step.start, step.end))
    return [*parts, f"began {moment(step.start, with_ms=True)}"]


def _left(until: datetime | None, now: datetime) -> str:
    return "-" if until is None else duration((until - now).total_seconds())


def _below(step: Step, prints: list[LogLine], instance_id: str, output_limit: int | None) -> list[str]:
    """What belongs to the step, without the frame of the tree."""
    lines: list[str] = []
    if isinstance(step, DoStep) and (len(step.attempts) > 1 or any(map(_is_telling, step.attempts))):
        lines += [_attempt_line(index + 1, attempt) for index, attempt in enumerate(step.attempts)]
    lines += _print_lines(prints, instance_id)
    if isinstance(step, SleepStep | WaitStep) and step.error is not None:
        lines.append(f"Error: {step.error}")
    if output_limit is not None and isinstance(step, DoStep | WaitStep) and state_of(step) == "complete":
        lines.append(f"Output: {shortened(to_json(step.output), output_limit)}")
    return [f"   {part}" for line in lines for part in line.splitlines() or [""]]


def _is_telling(attempt: Attempt) -> bool:
    return attempt.error is not None or attempt.cpu_ms is not None or attempt.memory_bytes is not None


def _attempt_line(number: int, attempt: Attempt) -> str:
    parts = [f"attempt {number}", between(attempt.start, attempt.end or datetime.now(UTC))]
    if attempt.cpu_ms is not None:
        parts.append(f"{attempt.cpu_ms:,.1f} ms CPU")
    if attempt.memory_bytes is not None:
        parts.append(f"+{attempt.memory_bytes / _MIB:,.1f} MiB")
    if attempt.error is not None:
        parts.append(str(attempt.error))
    elif attempt.end is None:
        parts.append("has no end yet")
    if attempt.retry_delay_ms is not None:
        parts.append(f"again after {duration(attempt.retry_delay_ms / 1000)}")
    return " · ".join(parts)


def _print_lines(prints: Sequence[LogLine], instance_id: str) -> list[str]:
    """The latest lines that were printed, each with its time."""
    lines = [
        f"{moment(line.timestamp, with_ms=True).split()[1]} | {text}"
        for line in prints[-PRINTS_SHOWN:]
        for text in line.text.splitlines() or [""]
    ]
    if len(prints) > PRINTS_SHOWN:
        lines.insert(0, f"… {len(prints) - PRINTS_SHOWN:,} earlier lines: {command('stepwell', 'logs', instance_id)}")
    return lines
