"""An instance on one page, for people."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from stepwell.formatting import STATUS_SIGNS, TRIGGER_SIGNS, between, moment, plain, shortened, signed, to_json
from stepwell.models import DoStep, InstanceDetail, SleepStep, Termination, WaitStep
from stepwell.step_tree import print_steps
from stepwell.tables import print_pairs

Pairs = list[tuple[str, str]]

PARAMS_SHOWN = 5000
"""Characters of the params, where no outputs are shown."""


def print_instance(
    workflow: str, instance_id: str, detail: InstanceDetail, *, output_limit: int | None, with_logs: bool = False
) -> None:
    """
    Print *detail* with its steps as a tree.

    Args:
        workflow: The workflow's name.
        instance_id: The instance's id.
        detail: What the host says of it.
        output_limit: How many characters of an output are shown; None shows no outputs of steps.
        with_logs: Whether what the code printed is shown, below the step that printed it.
    """
    print_pairs(_summary(workflow, instance_id, detail, output_limit))
    if detail.error is not None and detail.error.traceback:
        click.echo(f"\n{detail.error.traceback.rstrip()}")
    print_steps(instance_id, detail, output_limit=output_limit, with_logs=with_logs)


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
    if isinstance(step, DoStep):
        return step.type == "step" and bool(step.success)
    return step.finished and step.error is None


def _ended(step: DoStep | SleepStep | WaitStep) -> datetime:
    return step.end or step.start


def _time(when: datetime | float | None) -> str:
    return moment(when, with_ms=True)


def _success(*, done: bool | None) -> str:
    if done is None:
        return plain("⌛ Not finished")
    return plain("✅ Yes" if done else "❌ No")
