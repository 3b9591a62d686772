"""What an instance's events tell."""

import pytest
from sample_events import CHARGED, END, FLAKY, NAP, START, WAIT, events

from stepwell.timeline import Timeline


def story_of(*parts):
    timeline = Timeline()
    for event in events(*parts):
        timeline.apply(event)
    return timeline


def test_retrying():
    """A step whose attempt failed waits for the next one."""
    step = story_of(FLAKY).steps["do charge-1"]

    assert ("retrying", 1, START + 4 + 1500) == (step.state, step.attempt, step.until)
    assert "OSError: no answer" == str(step.failures[0].error)


def test_waiting():
    """A wait ends at its timeout, a sleep at its end."""
    steps = story_of(NAP, WAIT).steps

    assert [("sleeping", START + 61_800), ("waiting", START + 1900 + 86_400_000)] == [
        (step.state, step.until) for step in steps.values()
    ]


def test_end():
    """What has ended is counted, and the output is kept."""
    timeline = story_of(FLAKY, CHARGED, NAP, WAIT, END)

    assert ("complete", 7, 3, {}) == (timeline.status, timeline.output, timeline.finished, timeline.steps)


def test_same_name():
    """A sleep and a step of one name are two steps."""
    twins = [
        (0, {"type": "sleep_started", "stepName": "a-1", "durationMs": 5}),
        (0, {"type": "step_started", "stepName": "a-1"}),
        (1, {"type": "sleep_completed", "stepName": "a-1"}),
    ]

    assert ["do a-1"] == list(story_of(twins).steps)


def test_restart():
    """After a restart nothing is running that was before."""
    assert {} == story_of(FLAKY, [(9, {"type": "workflow_queued"})]).steps


def test_resume():
    """After a pause and a resume the steps before it still count."""
    resumed = (9, {"type": "workflow_queued", "resumed": True})

    assert list(story_of(FLAKY, [resumed]).steps) == list(story_of(FLAKY).steps)


@pytest.mark.parametrize("type_", ["workflow_dancing", "step_dancing", "attempt_completed"])
def test_unknown(type_):
    """An event of a newer host, or of a step that is not known, does no harm."""
    assert {} == story_of([(0, {"type": type_, "stepName": "a-1"})]).steps
