"""An instance on one page: its steps as a tree."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from stepwell.description import print_instance
from stepwell.models import InstanceDetail

MOMENT = "2026-01-02T03:04:05Z"
ATTEMPT = {"start": MOMENT, "end": MOMENT, "success": True, "error": None}
USED = {"cpuMs": 1234.56, "memoryBytes": 5 << 20}


def detail(*attempts) -> InstanceDetail:
    step = {"type": "step", "name": "one-1", "start": MOMENT, "end": MOMENT, "success": True, "attempts": attempts}
    moments = dict.fromkeys(("queued", "start", "end"), MOMENT)
    outcome = {"status": "complete", "success": True, "error": None, "versionId": "1", "trigger": {"source": "api"}}
    return InstanceDetail.model_validate({**moments, **outcome, "step_count": 1, "steps": [step]})


@pytest.mark.parametrize(
    ("used", "shown", "hidden"),
    [
        (USED, ["1,234.6 ms CPU", "+5.0 MiB"], []),
        ({"cpuMs": 1}, ["1.0 ms CPU"], ["MiB"]),
        ({}, [], ["CPU", "MiB"]),
    ],
    ids=["all", "processor time alone", "nothing"],
)
def test_what_attempts_have_used(capsys, used, shown, hidden):
    """It is shown where the runtime counts it, and what the runtime does not count is left out."""
    print_instance("Flow", "a", detail({**ATTEMPT, **used}, ATTEMPT), output_limit=None)

    out = capsys.readouterr().out
    assert [text for text in shown if text not in out] == []
    assert [text for text in hidden if text in out] == []


def instance(steps, logs=(), **fields):
    running = {"status": "running", "success": None, "error": None, "versionId": "1", "trigger": {"source": "api"}}
    moments = {"queued": MOMENT, "start": MOMENT, "end": None}
    return InstanceDetail.model_validate(
        {**running, **moments, "step_count": 1, "steps": steps, "logs": logs, **fields}
    )


def in_the_future(seconds):
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


def shown(capsys, described, **options):
    print_instance("Flow", "a", described, **{"output_limit": 100, "with_logs": True, **options})
    return capsys.readouterr().out


def test_last_successful_step(capsys):
    """It is a step of the run, and not the rollback of one."""
    later = "2026-01-02T03:04:06Z"
    steps = [
        {"type": "step", "name": "book-1", "start": MOMENT, "end": MOMENT, "success": True, "attempts": [ATTEMPT]},
        {"type": "rollback", "name": "cancel-1", "start": later, "end": later, "success": True, "attempts": [ATTEMPT]},
    ]

    assert "Last Successful Step: book-1" in shown(capsys, instance(steps))


def test_countdowns(capsys):
    """A retry, a sleep and a wait say when they are over, and in how long."""
    failed = {"start": MOMENT, "success": False, "error": {"name": "E", "message": "no"}, "retryDelayMs": 7_000}
    steps = [
        {"type": "step", "name": "pay-1", "start": MOMENT, "end": None, "success": None, "attempts": [
            {**failed, "end": in_the_future(-1)}]},
        {"type": "sleep", "name": "nap-1", "start": MOMENT, "end": in_the_future(3 * 3600), "finished": False},
        {"type": "waitForEvent", "name": "ask-2", "start": MOMENT, "end": None, "finished": False,
         "event_type": "go", "until": in_the_future(600)},
    ]  # fmt: skip
    out = shown(capsys, instance(steps))

    assert "├─ 🔁 retrying · pay · next attempt at" in out
    assert ", in 6.0 s" in out or ", in 5." in out
    assert "attempt 1 · " in out
    assert "E: no · again after 7.0 s" in out
    assert "├─ 💤 sleeping · nap (sleep) · until" in out
    assert "2 h 59 min left" in out or "3 h left" in out
    assert "└─ 👀 waiting · ask-2 (wait) · for event 'go' until" in out
    assert "min" in out.partition("for event")[2]


def test_prints(capsys):
    """What a step printed is below it, the latest lines; what the code printed outside of steps is above the steps."""
    steps = [{"type": "step", "name": "one-1", "start": MOMENT, "end": MOMENT, "success": True, "attempts": []}]
    line = {"timestamp": MOMENT, "level": "log"}
    logs = [{**line, "text": "outside"}, *({**line, "step": "one-1", "text": f"line {n}"} for n in range(25))]
    out = shown(capsys, instance(steps, logs, end=MOMENT, status="complete", success=True))

    (before, _, after) = out.partition("Steps:")
    assert "| outside" in before
    assert "… 5 earlier lines: stepwell logs a" in after
    assert "| line 24" in after
    assert "| line 4\n" not in after
    assert "line" not in shown(capsys, instance(steps, logs), with_logs=False).partition("Steps:")[2]


def test_ended_instance(capsys):
    """In an instance that has ended nothing goes on."""
    steps = [
        {"type": "sleep", "name": "nap-1", "start": MOMENT, "end": in_the_future(99), "finished": False},
        {"type": "termination", "trigger": {"source": "api"}},
    ]
    out = shown(capsys, instance(steps, end=MOMENT, status="terminated", success=False))

    assert "├─ 🚫 cut · nap (sleep) · ended with the instance" in out
    assert "left" not in out
    assert "└─ 🚫 Termination · 🌎 API" in out
