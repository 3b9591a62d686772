"""An instance on one page, for people."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from stepwell.formatting import (
    STATUS_SIGNS,
    STEP_SIGNS,
    TRIGGER_SIGNS,
    between,
    duration,
    moment,
    plain,
    shortened,
    signed,
    to_json,
)
from stepwell.models import Attempt, DoStep, InstanceDetail, SleepStep, Step, Termination, WaitStep
from stepwell.tables import print_pairs, print_table

if TYPE_CHECKING:
    from collections.abc import Callable

Pairs = list[tuple[str, str]]

PARAMS_SHOWN = 5000
"""Characters of the params, where no outputs are shown."""


def print_instance(
    workflow: str, instance_id: str, detail: InstanceDetail, *, output_limit: int | None, with_logs: bool = False
) -> None:
    """
    Print *detail* with its steps.

    Args:
        workflow: The workflow's name.
        instance_id: The instance's id.
        detail: What the host says of it.
        output_limit: How many characters of an output are shown; None shows no outputs of steps.
        with_logs: Whether what the code printed is shown.
    """
    print_pairs(_summary(workflow, instance_id, detail, output_limit))
    if detail.error is not None and detail.error.traceback:
        click.echo(f"\n{detail.error.traceback.rstrip()}")
    if with_logs and detail.logs:
        click.echo("\nLogs:")
        for line in detail.logs:
            where = f" {line.step}" if line.step else ""
            click.echo(f"  {_time(line.timestamp)}{where} | {line.text}")
    if detail.steps:
        click.echo("\nSteps:")
    for step in detail.steps:
        click.echo()
        print_pairs(_step_pairs(step, output_limit), indent=2)
        if isinstance(step, DoStep) and step.attempts:
            counted = [heading for heading, shown in _USAGE.items() if any(map(shown, step.attempts))]
            heading = ["Start", "End", "Duration", *counted, "State", "Error"]
            print_table(heading, [_attempt_row(each, counted) for each in step.attempts])


def _summary(workflow: str, instance_id: str, detail: InstanceDetail, output_limit: int | None) -> Pairs:
    pairs = [
        ("Workflow Name", workflow),
        ("Instance Id", instance_id),
        ("Version Id", detail.version_id),
        ("Status", signed(STATUS_SIGNS, detail.status)),
        ("Trigger", signed(TRIGGER_SIGNS, detail.trigger.source)),
        ("Queued", _time(detail.queued)),
        ("Success", _success(done=detail.success)),
        ("Start", _time(detail.start)),
        ("End", _time(detail.end)),
        ("Duration", between(detail.start, detail.end or datetime.now(UTC))),
        ("Params", shortened(to_json(detail.params), output_limit or PARAMS_SHOWN)),
    ]
    succeeded = [step for step in detail.steps if not isinstance(step, Termination) and _succeeded(step)]
    if succeeded:
        pairs.append(("Last Successful Step", max(succeeded, key=_ended).name))
    if detail.error is not None:
        pairs.append(("Error", str(detail.error)))
    if detail.success and output_limit is not None:
        pairs.append(("Output", shortened(to_json(detail.output), output_limit)))
    return pairs


def _succeeded(step: DoStep | SleepStep | WaitStep) -> bool:
    return bool(step.success) if isinstance(step, DoStep) else step.finished and step.error is None


def _ended(step: DoStep | SleepStep | WaitStep) -> datetime:
    return step.end or step.start


def _time(when: datetime | float | None) -> str:
    return moment(when, with_ms=True)


def _step_sign(step: DoStep | SleepStep | WaitStep) -> str:
    """What the step is; one that has ended neither sleeps nor waits."""
    over = {"sleep": "💤 Slept", "waitForEvent": "👀 Waited for event"}
    if not isinstance(step, DoStep) and step.finished:
        return plain(over[step.type])
    return signed(STEP_SIGNS, step.type)


def _step_pairs(step: Step, output_limit: int | None) -> Pairs:
    if isinstance(step, Termination):
        return [
            ("Type", signed(STEP_SIGNS, step.type)),
            ("Trigger", signed(TRIGGER_SIGNS, step.trigger.source)),
        ]
    pairs = [("Name", step.name), ("Type", _step_sign(step)), ("Start", _time(step.start))]
    match step:
        case SleepStep():
            pairs += [
                ("End" if step.finished else "Until", _time(step.end)),
                ("Duration", between(step.start, step.end)),
            ]
        case WaitStep():
            pairs += [("Event type", step.event_type or "-"), ("End", _time(step.end))]
        case DoStep():
            pairs += [("End", _time(step.end)), ("Duration", between(step.start, step.end or datetime.now(UTC)))]
            pairs.append(("Success", _success(done=step.success)))
            last = step.attempts[-1] if step.attempts else None
            if step.end is None and last is not None and last.end is not None and last.retry_delay_ms is not None:
                pairs.append(("Retries At", moment(last.end.timestamp() * 1000 + last.retry_delay_ms)))
    if not isinstance(step, DoStep) and step.error is not None:
        pairs.append(("Error", str(step.error)))
    ended_well = step.success if isinstance(step, DoStep) else isinstance(step, WaitStep) and step.finished
    if ended_well and output_limit is not None and not isinstance(step, SleepStep):
        pairs.append(("Output", shortened(to_json(step.output), output_limit)))
    return pairs


_MIB = 1 << 20

_USAGE: dict[str, Callable[[Attempt], str]] = {
    "CPU": lambda attempt: "" if attempt.cpu_ms is None else f"{attempt.cpu_ms:,.1f} ms",
    "Memory": lambda attempt: "" if attempt.memory_bytes is None else f"+{attempt.memory_bytes / _MIB:,.1f} MiB",
}
"""What an attempt has used, by heading; nothing where the runtime does not count it."""


def _attempt_row(attempt: Attempt, counted: list[str]) -> list[str]:
    if attempt.success is None:
        state = signed(STATUS_SIGNS, "running")
    else:
        state = signed(STATUS_SIGNS, "complete" if attempt.success else "errored")
    error = "" if attempt.error is None else str(attempt.error)
    if attempt.retry_delay_ms is not None:
        error += f" (again after {duration(attempt.retry_delay_ms / 1000)})"
    used = [_USAGE[heading](attempt) for heading in counted]
    return [_time(attempt.start), _time(attempt.end), between(attempt.start, attempt.end), *used, state, error]


def _success(*, done: bool | None) -> str:
    if done is None:
        return plain("⌛ Not finished")
    return plain("✅ Yes" if done else "❌ No")
