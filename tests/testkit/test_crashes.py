"""Crash exploration: sound workflows survive every crash, and faults that only a crash shows are found."""

import random
from pathlib import Path

import pytest

from stepwell.testing import CrashError, TestKitError, Workflows, check_all_crashes, check_all_orders, scripts

FLOWS = Path(__file__).parent / "flows" / "crashes.py"


@pytest.fixture
def explore():
    """A function that explores a workflow of the file."""

    def explore(workflow, params=None, events=None, **options):
        with Workflows(FLOWS) as workflows:
            return check_all_crashes(workflow, params, events, workflows=workflows, **options)

    return explore


def test_sound_workflow(explore):
    """A sound workflow survives all crashes; what ran again is listed as allowed."""
    report = explore("Sound", {"count": 3}, {"confirmed": "yes"})

    assert report.points > 20
    assert report.runs > report.points
    assert {"reserve-1", "charge-1", "receipt-1", "courier-1"} == {each.step for each in report.repeated}
    assert all(each.allowed for each in report.repeated)
    assert "reserve-1 ran again in" in str(report)


def test_state_in_memory(explore):
    """State that only the memory has is lost, and the report says by which crash."""
    with pytest.raises(CrashError, match="it has ended as complete: None\n  instead of       complete: 42"):
        explore("InMemory")


class Chance:
    """The same numbers in each run of the test."""

    def __init__(self, seed):
        self._random = random.Random(seed)

    def draw(self):
        return self._random.random()


def explore_chance(seed):
    with Workflows(FLOWS) as workflows:
        workflows.worker(env={"CHANCE": Chance(seed)})
        check_all_crashes("Triage", workflows=workflows)
        check_all_orders("Triage", workflows=workflows)


@pytest.mark.parametrize("seed", range(4))
def test_chance_in_a_step(seed):
    """A step whose result is drawn gives other ends by chance, which no crash has caused."""
    explore_chance(seed)


def test_chance_is_confirmed(monkeypatch):
    """Without the runs that confirm another end it would count."""
    monkeypatch.setattr(scripts, "_CONFIRMATIONS", 0)

    with pytest.raises(CrashError, match="it has ended as complete: 'rejected'"):
        explore_chance(0)


def test_state_on_the_instance():
    """What is kept in an attribute is lost in each sleep already: every wake-up is a replay."""
    with Workflows(FLOWS) as workflows:
        assert workflows.run("OnInstance") == 0


def test_seed(explore):
    """A failure names a seed, and the seed runs that case alone."""
    with pytest.raises(CrashError) as caught:
        explore("InMemory")
    seed = str(caught.value).rpartition("--stepwell-seed=")[2]

    with pytest.raises(CrashError, match="1 of 1 runs"):
        explore("InMemory", seed=seed)


def test_step_that_may_run_once(explore):
    """A step with retry limit 0 is never begun twice; that it fails when it is cut is listed, and is no fault."""
    report = explore("Twice")

    assert {"launch-1"} == {step for step, _ in report.given_up}
    assert [] == report.repeated


def test_last_attempt_is_cut(explore):
    """A crash takes an attempt: a step whose last one it cuts fails, which is listed, and is no fault."""
    report = explore("SecondAttempt")

    assert {"launch-1"} == {step for step, _ in report.given_up}
    assert "launch-1 fails when its last attempt is cut (crash:" in str(report)


def test_step_that_must_not_repeat(explore):
    """A step that is said to run once is reported where it runs twice."""
    with pytest.raises(CrashError, match="the callback of reserve-1 ran 2 times, 1 without a crash"):
        explore("Sound", {"count": 3}, {"confirmed": "yes"}, once=["reserve"])


def test_missing_event():
    """A workflow that waits for an event that never comes ends by its timeout."""
    with Workflows(FLOWS) as workflows, pytest.raises(AssertionError, match="WorkflowTimeoutError"):
        check_all_crashes("Waiting", workflows=workflows, invariant=_complete)


def test_invariant(explore):
    """An invariant that does not hold is reported."""
    with pytest.raises(CrashError, match="the invariant does not hold: too few"):
        explore("Twice", invariant=_too_few)


def test_mocked_steps(explore):
    """Modifiers apply to each run."""
    report = explore(
        "Sound",
        {"count": 3},
        {"confirmed": "yes"},
        modify=lambda m: m.mock_step_result("charge", "mocked"),
        invariant=_paid,
    )

    assert report.runs > 0


def test_twenty_steps(explore):
    """All crashes of twenty steps are explored."""
    report = explore("Many", pairs=5)

    assert report.points >= 2 * 20 + 2 * 20


def _complete(run):
    assert run.status == "complete", run.error


def _too_few(run):
    assert len(run.callbacks) > 5, "too few"


def _paid(run):
    assert run.output[1] == "mocked"


def test_modules_are_imported_anew_in_a_process():
    """In cpython a crash takes what modules keep in variables, too."""
    with (
        Workflows(FLOWS, runtime="cpython") as workflows,
        pytest.raises(CrashError, match="it has ended as complete: None\n  instead of       complete: 42"),
    ):
        check_all_crashes("InMemory", workflows=workflows, pairs=0)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"seed": "crash:x"}, "'crash:x' is not a seed. Give one as a failure has named it, such as crash:9"),
        ({"seed": "order:1"}, "'order:1' is not a seed"),
        ({"seed": "crash:999"}, "No crash is at point 999: the run has "),
        ({"pairs": -1}, "pairs is -1; it must be a number from 0"),
        ({"once": ["reserv"]}, "once has 'reserv', and the workflow has run no such step. Did you mean 'reserve'?"),
        ({"events": {"confirm": 1}}, "events has 'confirm', and the workflow has waited for 'confirmed'"),
    ],
)
def test_bad_arguments(explore, options, text):
    """An argument that names what is not there is refused: nothing would be explored."""
    given = {"events": {"confirmed": "yes"}, **options}

    with pytest.raises(TestKitError) as caught:
        explore("Sound", {"count": 3}, **given)

    assert text in str(caught.value)
