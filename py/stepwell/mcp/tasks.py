"""
Instances as tasks: the extension `io.modelcontextprotocol/tasks` (SEP-2663).

A task's ID is the instance's. An open wait for an event is a request for input, and the client's answer is the event.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

    from stepwell.models import InstanceDetail, WaitStep

__all__ = ["EXTENSION", "event_payload", "new_task", "open_waits", "task_of"]

EXTENSION = "io.modelcontextprotocol/tasks"
POLL_INTERVAL_MS = 1000
APPROVAL_FORM = {
    "type": "object",
    "properties": {"approved": {"type": "boolean"}, "message": {"type": "string"}},
    "required": ["approved"],
}
"""Of the events that the agent adapter waits for: `approval-1`, `approval-2`, and so on."""
FREE_FORM: dict[str, Any] = {"type": "object", "properties": {}}
"""Of all other events: what the client answers is the payload."""


def new_task(instance_id: str, created: datetime) -> dict[str, Any]:
    """The result of a call that has made an instance."""
    return {"resultType": "task", **_task(instance_id, "working", created, created)}


def task_of(instance_id: str, detail: InstanceDetail) -> dict[str, Any]:
    """The result of `tasks/get`."""
    status = _status(detail)
    last = max(filter(None, [detail.queued, detail.end, *(step_time(step) for step in detail.steps)]))
    task = {"resultType": "complete", **_task(instance_id, status, detail.queued, last)}
    if status == "completed":
        task["result"] = _tool_result(detail)
    elif status == "input_required":
        waits = open_waits(detail)
        task["inputRequests"] = {key: _input_request(wait) for key, wait in waits.items()}
        names = ", ".join(repr(wait.event_type) for wait in waits.values())
        task["statusMessage"] = f"Waiting for the event {names}."
    return task


def open_waits(detail: InstanceDetail) -> dict[str, WaitStep]:
    """The waits that no event has ended, by their names: with their counts no other wait of the instance has them."""
    if detail.end is not None:
        return {}
    return {step.name: step for step in detail.steps if step.type == "waitForEvent" and not step.finished}


def event_payload(wait: WaitStep, response: dict[str, Any]) -> tuple[bool, Any]:
    """
    What an answer to a request for input sends as an event.

    Returns:
        Whether it sends one, and its payload. A person who closes the form has not decided.
    """
    if response.get("action") == "cancel":
        return False, None
    if response.get("action") == "decline":
        return True, {"approved": False} if _is_approval(wait) else {"action": "decline"}
    return True, response.get("content", {})


def step_time(step: Any) -> datetime | None:  # noqa: ANN401 - steps of any type
    """When something last happened to *step*."""
    return getattr(step, "end", None) or getattr(step, "start", None)


def _task(instance_id: str, status: str, created: datetime, updated: datetime) -> dict[str, Any]:
    return {
        "taskId": instance_id,
        "status": status,
        "createdAt": created.isoformat(),
        "lastUpdatedAt": updated.isoformat(),
        "ttlMs": None,
        "pollIntervalMs": POLL_INTERVAL_MS,
    }


def _status(detail: InstanceDetail) -> str:
    if detail.status in {"complete", "errored"}:
        return "completed"
    if detail.status == "terminated":
        return "cancelled"
    return "input_required" if open_waits(detail) else "working"


def _tool_result(detail: InstanceDetail) -> dict[str, Any]:
    """As the call would have given it without a task. A failed instance is a failed tool, not a failed request."""
    if detail.status == "errored":
        error = detail.error
        text = f"{error.name}: {error.message}" if error else "The workflow has failed."
        return {"content": [{"type": "text", "text": text}], "isError": True}
    structured = detail.output if isinstance(detail.output, dict) else {"result": detail.output}
    text = json.dumps(detail.output, ensure_ascii=False)
    return {"content": [{"type": "text", "text": text}], "structuredContent": structured, "isError": False}


def _input_request(wait: WaitStep) -> dict[str, Any]:
    params = {
        "mode": "form",
        "message": f"The workflow waits for the event {wait.event_type!r} at {wait.name!r}.",
        "requestedSchema": APPROVAL_FORM if _is_approval(wait) else FREE_FORM,
    }
    return {"method": "elicitation/create", "params": params}


def _is_approval(wait: WaitStep) -> bool:
    kind, _, number = (wait.event_type or "").rpartition("-")
    return kind == "approval" and number.isdigit()
