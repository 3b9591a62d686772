"""Property tests: a state machine of hypothesis that does everything to a workflow that can be done to it."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import run_state_machine_as_test

from stepwell.testing import workflow_machine
from stepwell.testing.instance_introspector import InstanceIntrospector
from stepwell.testing.machine import _WorkflowMachine

FLOWS = Path(__file__).parent / "flows" / "machine.py"
# How long an example takes depends on the machine.
FEW = settings(
    max_examples=25, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck), database=None
)


def test_sound_workflow():
    """A sound workflow keeps all rules, whatever is done to it."""
    params = st.fixed_dictionaries({"flaky": st.booleans()})

    run_state_machine_as_test(
        workflow_machine("Order", params, {"paid": st.integers(0, 9)}, target=FLOWS), settings=FEW
    )


def test_new_code(tmp_path):
    """Code may change in between: what has ended does not run again."""
    other = tmp_path / "machine.py"
    other.write_text(FLOWS.read_text().replace('"1 day"', '"2 days"').replace("return 1", "return 2"))

    machine = workflow_machine("Order", {"flaky": False}, {"paid": 1}, versions=[FLOWS, other], target=FLOWS)

    assert hasattr(machine, "deploy_new_code")
    run_state_machine_as_test(machine, settings=FEW)


@pytest.mark.parametrize(
    "name", ["create", "advance", "send_event", "pause", "resume", "terminate", "restart", "crash", "deploy_new_code"]
)
def test_rules(name):
    """All that can be done to an instance has a rule."""
    machine = workflow_machine("Order", events={"paid": 1}, versions=[FLOWS], target=FLOWS)

    assert any("rule" in key.lower() for key in vars(getattr(machine, name)))


def test_open_instances(monkeypatch):
    """Rules choose among the instances that have not ended, whose statuses are read once after each rule."""
    machine = workflow_machine("Order", {"flaky": False}, target=FLOWS)()
    read = []
    status = InstanceIntrospector.status
    monkeypatch.setattr(InstanceIntrospector, "status", lambda self: read.append(self.id) or status(self))
    try:
        machine.create({"flaky": False})
        machine.create({"flaky": False})
        machine.instances["instance-1"].terminate()
        machine.status_is_known()

        assert [["instance-2"]] * 3 == [machine.open_instances for _ in range(3)]
        assert ["instance-1", "instance-2"] == read
    finally:
        machine.teardown()


def test_broken_rule():
    """A step that runs again after it has succeeded breaks a rule, which names step and instance."""
    machine = object.__new__(_WorkflowMachine)
    machine._logs = {"one": [("STEP_SUCCESS", "a", 1, None), ("ATTEMPT_START", "a", 1, 2)]}

    with pytest.raises(AssertionError, match="step a-1 of one runs again after it has succeeded"):
        machine.nothing_finished_runs_again()
