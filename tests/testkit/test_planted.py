"""Planted faults: each is found by a tool of the test kit, without being told where it is."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from stepwell.testing import Workflows, check_all_crashes, check_all_orders

FLOWS = Path(__file__).parent / "flows" / "planted.py"


def run(workflows, name, expected="complete", change=lambda modifier: None):
    instance = workflows.worker().introspect_workflow_instance(name, "one")
    change(instance.modifier)
    workflows.worker().workflow(name).create(id="one")
    instance.wait_for_status(expected)
    return instance


def crashes(name, **options):
    return lambda workflows: check_all_crashes(name, workflows=workflows, pairs=0, **options)


def orders(name):
    return lambda workflows: check_all_orders(name, workflows=workflows)


def ends(name, change=lambda modifier: None):
    return lambda workflows: run(workflows, name, change=change)


def gives(name, value, change=lambda modifier: None):
    def check(workflows):
        assert value == run(workflows, name, change=change).output()

    return check


def step_runs(name, step):
    return lambda workflows: run(workflows, name).wait_for_step_result(step)


def ends_within(name, duration, change):
    def check(workflows):
        began = workflows.clock.now()
        run(workflows, name, change=change)
        assert workflows.clock.now() - began < duration

    return check


FAULTS = {
    "state in a variable of the module": (crashes("GlobalCache"), "does not survive every crash"),
    "attempt as a value": (crashes("AttemptAsValue"), "does not survive every crash"),
    "step that is not idempotent": (crashes("ChargedTwice", once=["charge"]), "ran 2 times"),
    "side effect outside of steps": (ends("SideEffectOutside"), "it ends with 2, and ended with 1"),
    "branch by chance": (ends("RandomBranch"), "random.random() is used between steps"),
    "branch by the clock": (ends("ClockBranch"), "time.time() is used between steps"),
    "name by chance": (ends("UuidName"), "uuid.uuid4() is used between steps"),
    "branch by the environment": (ends("EnvironmentBranch"), "os.environ is used between steps"),
    "order of a set": (ends("SetOrder"), "a set that is iterated over is used between steps"),
    "missing await": (step_runs("MissingAwait", "publish"), "Step 'publish' (index 1) of instance 'one' has no result"),
    "no retry": (ends("WrongRetry", lambda m: m.mock_step_error("flaky", "busy", times=1)), "reached status 'errored'"),
    "swallowed error": (gives("SwallowedError", 1, lambda m: m.mock_step_error("charge", "no")), "'done'"),
    "swallowed cancellation": (gives("SwallowedCancellation", []), "assert [] == [2]"),
    "event taken twice": (ends("EventTwice", lambda m: m.mock_event("go", 1)), "WorkflowTimeoutError"),
    "misspelt event": (ends("WrongEvent", lambda m: m.mock_event("approved", 1)), "WorkflowTimeoutError"),
    "last one wins": (orders("LastOne"), "depends on the order"),
    "first one wins": (orders("FirstOne"), "depends on the order"),
    "timeout that is too short": (ends("TooShort"), "timed out after 60000ms"),
    "result that cannot be stored": (ends("NotStorable"), "reached status 'errored'"),
    "state on the instance": (gives("OnInstance", 1), "0"),
    "delay that is too long": (
        ends_within("WrongBackoff", timedelta(hours=1), lambda m: m.mock_step_error("flaky", "busy", times=1)),
        "assert",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_is_found(fault):
    """The fault fails the test, and the message says what is wrong."""
    check, text = FAULTS[fault]

    with pytest.raises(Exception, match=re.escape(text)), Workflows(FLOWS) as workflows:
        check(workflows)
