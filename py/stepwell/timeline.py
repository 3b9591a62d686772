"""What an instance's events tell, folded into what each step is doing now."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from stepwell.statuses import FINAL_STATUSES

if TYPE_CHECKING:
    from stepwell.responses import Event, WorkflowFault

StepKind = Literal["do", "sleep", "wait"]
StepState = Literal["running", "retrying", "sleeping", "waiting", "complete", "errored", "timed out"]

STATUS_OF_EVENT = {
    "workflow_queued": "queued",
    "workflow_started": "running",
    "workflow_running": "running",
    "workflow_paused": "paused",
    "workflow_waiting_for_pause": "waitingForPause",
    "workflow_waiting": "waiting",
    "workflow_completed": "complete",
    "workflow_errored": "errored",
    "workflow_terminated": "terminated",
}

_ENDS: dict[str, StepState] = {
    "step_completed": "complete",
    "step_errored": "errored",
    "sleep_completed": "complete",
    "wait_completed": "complete",
    "wait_timed_out": "timed out",
}


@dataclass(slots=True)
class FailedAttempt:
    """An attempt that failed."""

    attempt: int
    error: WorkflowFault | None
    retry_delay_ms: float | None


@dataclass(slots=True)
class StepProgress:
    """
    One step. Times are in ms since 1970.

    Attributes:
        until: When it sleeps, waits or retries until, as far as that is known.
    """

    name: str
    kind: StepKind
    started: float
    state: StepState
    attempt: int = 0
    ended: float | None = None
    until: float | None = None
    event_type: str | None = None
    failures: list[FailedAttempt] = field(default_factory=list)


class Timeline:
    """
    An instance as its events have told it so far.

    Attributes:
        status: The instance's.
        steps: The steps that have begun and not ended, in the order in which they began.
        finished: How many steps have ended.
        error: Why it errored.
        output: What it returned.
    """

    def __init__(self) -> None:
        self.status = "queued"
        self.started: float | None = None
        self.ended: float | None = None
        self.steps: dict[str, StepProgress] = {}
        self.finished = 0
        self.error: WorkflowFault | None = None
        self.output: object = None

    def apply(self, event: Event) -> StepProgress | None:
        """
        Take *event* in.

        Returns:
            The step it is about, if any; when it has just ended it is no longer among `steps`.
        """
        if status := STATUS_OF_EVENT.get(event.type):
            self._apply_to_workflow(event, status)
            return None
        if event.step_name is None:
            return None
        kind: StepKind = (
            "sleep" if event.type.startswith("sleep") else "wait" if event.type.startswith("wait") else "do"
        )
        key = f"{kind} {event.step_name}"
        if event.type in {"step_started", "sleep_started", "wait_started"}:
            self.steps[key] = _begin(event, event.step_name, kind)
        step = self.steps.get(key)
        if step is None:
            return None
        if state := _ENDS.get(event.type):
            step.state, step.ended, step.until = state, event.timestamp, None
            self.finished += 1
            del self.steps[key]
        else:
            _apply_to_attempt(step, event)
        return step

    def _apply_to_workflow(self, event: Event, status: str) -> None:
        if event.type == "workflow_queued" and not event.resumed:
            # A restart: the steps before it do not count any more.
            self.steps.clear()
            self.finished = 0
        self.status = status
        if event.type == "workflow_started":
            self.started = event.timestamp
        elif status in FINAL_STATUSES:
            self.ended = event.timestamp
            self.output = event.output
            self.error = event.error


def _begin(event: Event, name: str, kind: StepKind) -> StepProgress:
    states: dict[StepKind, StepState] = {"do": "running", "sleep": "sleeping", "wait": "waiting"}
    length = event.duration_ms if kind == "sleep" else event.timeout_ms
    until = None if length is None else event.timestamp + length
    return StepProgress(name, kind, event.timestamp, states[kind], until=until, event_type=event.event_type)


def _apply_to_attempt(step: StepProgress, event: Event) -> None:
    match event.type:
        case "attempt_started":
            step.state, step.until = "running", None
            step.attempt = event.attempt or step.attempt + 1
        case "attempt_errored":
            step.failures.append(FailedAttempt(event.attempt or step.attempt, event.error, event.retry_delay_ms))
            if event.retry_delay_ms is not None:
                step.state = "retrying"
                step.until = event.timestamp + event.retry_delay_ms
