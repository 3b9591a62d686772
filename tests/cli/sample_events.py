"""Events as a host tells them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.responses import Event

if TYPE_CHECKING:
    from collections.abc import Iterable

START = 1_700_000_000_000

FLAKY = [
    (0, {"type": "workflow_queued"}),
    (1, {"type": "workflow_started"}),
    (2, {"type": "step_started", "stepName": "charge-1"}),
    (2, {"type": "attempt_started", "stepName": "charge-1", "attempt": 1}),
    (3, {"type": "log", "stepName": "charge-1", "level": "stdout", "text": "asking the bank\nonce more"}),
    (
        4,
        {
            "type": "attempt_errored",
            "stepName": "charge-1",
            "attempt": 1,
            "error": {"name": "OSError", "message": "no answer"},
            "retryDelayMs": 1500,
        },
    ),
]
CHARGED = [
    (1504, {"type": "attempt_started", "stepName": "charge-1", "attempt": 2}),
    (1704, {"type": "attempt_completed", "stepName": "charge-1", "attempt": 2}),
    (1704, {"type": "step_completed", "stepName": "charge-1", "output": {"ok": True}}),
]
NAP = [(1800, {"type": "sleep_started", "stepName": "nap-1", "durationMs": 60_000})]
WAIT = [(1900, {"type": "wait_started", "stepName": "ok-2", "eventType": "approved", "timeoutMs": 86_400_000})]
END = [
    (62_000, {"type": "sleep_completed", "stepName": "nap-1"}),
    (62_000, {"type": "wait_timed_out", "stepName": "ok-2"}),
    (62_001, {"type": "workflow_completed", "output": 7}),
]


def events(*parts: Iterable[tuple[int, dict[str, object]]]) -> list[Event]:
    """The events of *parts*, whose times are ms after START."""
    told = [entry for part in parts for entry in part]
    return [
        Event.model_validate({"instanceId": "i", "eventId": number, "timestamp": START + at, **event})
        for number, (at, event) in enumerate(told, 1)
    ]
