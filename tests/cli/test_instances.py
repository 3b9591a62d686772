"""`stepwell workflows …`, while a run owns the state and when nobody does."""

import json

import pytest

INSTANCES = ("workflows", "instances")


@pytest.fixture
def waiting(place, approval):
    """A run that owns the state and waits for an event."""
    running = place.start("run", "approval.py", "--id", "a")
    running.read_until("waiting for event")
    return running


def test_list_workflows(served):
    """The workflows are listed for people and for programs."""
    table = served.run("workflows", "list").out
    data = served.run("workflows", "list", "--json").json

    assert "OrderWorkflow" in table
    assert "│ order " in table
    assert [("OrderWorkflow", 3)] == [(workflow["name"], workflow["instances"]["complete"]) for workflow in data]


def test_describe_workflow(served):
    """A workflow is described with its latest instances."""
    done = served.run("workflows", "describe", "OrderWorkflow")

    assert "Class name:  OrderWorkflow" in done.out
    assert "✅ Completed 3" in done.out
    assert "│ c " in done.out


def test_list(served):
    """Instances are listed newest first, by page."""
    newest = served.run(*INSTANCES, "list", "OrderWorkflow", "--json", "--per-page", "2").json
    oldest = served.run(*INSTANCES, "list", "OrderWorkflow", "--json", "--reverse").json
    table = served.run(*INSTANCES, "list", "OrderWorkflow", "--per-page", "2")

    assert ["c", "b"] == [instance["id"] for instance in newest]
    assert ["a", "b", "c"] == [instance["id"] for instance in oldest]
    assert "✅ Completed" in table.out
    assert "Page 1 of 2, 3 instances." in table.err


def test_list_filters(served):
    """Instances are chosen by status and by date."""
    some = served.run(*INSTANCES, "list", "OrderWorkflow", "--json", "--status", "complete")
    none = served.run(*INSTANCES, "list", "OrderWorkflow", "--json", "--status", "errored")
    later = served.run(*INSTANCES, "list", "OrderWorkflow", "--json", "--date-start", "2999-01-01")
    unknown = served.run(*INSTANCES, "list", "OrderWorkflow", "--status", "failed")

    assert (3, [], []) == (len(some.json), none.json, later.json)
    assert (2, True) == (unknown.code, "'errored'" in unknown.err)


def test_describe(served):
    """`latest` is the newest instance; it is shown with its steps and what they returned."""
    done = served.run(*INSTANCES, "describe", "OrderWorkflow")

    assert "Instance Id:          c" in done.out
    assert "Status:               ✅ Completed" in done.out
    assert "├─ ✅ complete · " in done.out
    assert 'Output: {"shipped": 1}' in done.out


def test_describe_without_output(served):
    """Outputs are cut to a limit, or left out."""
    short = served.run(*INSTANCES, "describe", "OrderWorkflow", "a", "--truncate-output-limit", "5")
    none = served.run(*INSTANCES, "describe", "OrderWorkflow", "a", "--no-step-output")

    assert '{"shi… [9 more characters]' in short.out
    assert "Output" not in none.out


def test_describe_while_it_runs(place, waiting):
    """A run that owns the state answers for it."""
    done = place.run(*INSTANCES, "describe", "ApprovalWorkflow", "a")

    assert "└─ 👀 waiting · " in done.out
    assert "for event 'decided' until" in done.out


def test_pause_and_resume(place, waiting):
    """A run is paused and resumed from outside."""
    paused = place.run(*INSTANCES, "pause", "ApprovalWorkflow", "a")
    waiting.read_until("paused")
    resumed = place.run(*INSTANCES, "resume", "ApprovalWorkflow", "latest")
    place.run(*INSTANCES, "send-event", "ApprovalWorkflow", "a", "--type", "decided", "--payload", "1")

    assert (0, 0) == (paused.code, resumed.code)
    assert "1\n" == waiting.wait().out


def test_run_resumes(place, waiting):
    """A paused instance is resumed by running it again, which says so."""
    place.run(*INSTANCES, "pause", "ApprovalWorkflow", "a")
    waiting.interrupt()
    waiting.wait()
    place.run(*INSTANCES, "send-event", "ApprovalWorkflow", "a", "--type", "decided", "--payload", "2")

    done = place.run("run", "approval.py", "--id", "a")

    assert 2 == done.json
    assert "resume" in done.err


@pytest.mark.parametrize("verb", ["pause", "resume"])
def test_no_effect(served, verb):
    """A change that has no effect on an instance that has ended says so, and exits with 1."""
    done = served.run(*INSTANCES, verb, "OrderWorkflow", "a")

    assert (1, "") == (done.code, done.out)
    assert done.err.startswith("Error: ")


def test_pause_before_it_runs(finished):
    """A queued instance without a host is paused, and held until it is resumed."""
    finished.run("workflows", "trigger", "OrderWorkflow", "--id", "queued")
    paused = finished.run(*INSTANCES, "pause", "OrderWorkflow", "queued")
    status = finished.run(*INSTANCES, "describe", "OrderWorkflow", "queued", "--json").json["status"]

    assert (0, "paused") == (paused.code, status) or (1, "queued") == (paused.code, status)


def test_terminate(place, waiting):
    """A run whose instance is terminated ends with 1."""
    done = place.run(*INSTANCES, "terminate", "ApprovalWorkflow", "a", "--json")

    assert "terminated" == done.json["status"]
    ended = waiting.wait()
    assert (1, "") == (ended.code, ended.out)
    assert "Instance 'a' of ApprovalWorkflow was terminated." in ended.err


ROLLBACK = """
from workers import WorkflowEntrypoint

class BookingWorkflow(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("book", rollback=lambda output, error: print("cancelled", output, error.name))
        async def book():
            return "seat 7"

        await book()
        await step.wait_for_event("approval", "approval")
"""


def test_terminate_with_rollback(place):
    """A run whose instance is terminated with rollback undoes its steps first."""
    place.write("booking.py", ROLLBACK)
    running = place.start("run", "booking.py", "--id", "a")
    running.read_until("waiting for event")

    done = place.run(*INSTANCES, "terminate", "BookingWorkflow", "a", "--rollback")
    ended = running.wait()
    detail = place.run(*INSTANCES, "describe", "BookingWorkflow", "a", "--json").json

    assert (0, 1) == (done.code, ended.code)
    assert "cancelled seat 7 Terminated" in ended.err
    assert ("terminated", "complete") == (detail["status"], detail["rollback"]["outcome"])
    assert ["step", "waitForEvent", "rollback", "termination"] == [step["type"] for step in detail["steps"]]


def test_terminate_finished(served):
    """What has ended cannot be terminated."""
    done = served.run(*INSTANCES, "terminate", "OrderWorkflow", "a")

    assert 2 == done.code
    assert "Cannot terminate instance since its on a finite state" in done.err


def test_restart(finished):
    """A finished instance is queued again, from a step; the next run goes on with it."""
    done = finished.run(*INSTANCES, "restart", "OrderWorkflow", "a", "--from-step-name", "reserve")

    assert "🔄 Restart of instance 'a' of OrderWorkflow asked for; it is now queued." in done.out
    assert "Nothing is running this state. Start it with: stepwell serve DIR" in done.err
    assert {"shipped": 1} == finished.run("run", "order.py", "--id", "a", "-q").json


def test_restart_while_it_runs(place, waiting):
    """A run goes along with a restart of its instance."""
    done = place.run(*INSTANCES, "restart", "ApprovalWorkflow", "a")
    again = waiting.read_until("  ask: complete")
    waiting.read_until("waiting for event")
    place.run(*INSTANCES, "send-event", "ApprovalWorkflow", "a", "--type", "decided", "--payload", "3")

    assert 0 == done.code
    assert 2 == again.count("  ask: started\n")
    assert "3\n" == waiting.wait().out


def test_restart_needs_a_name(served):
    """A count or type is of no use without a name."""
    done = served.run(*INSTANCES, "restart", "OrderWorkflow", "a", "--from-step-count", "2")

    assert (2, "Error: --from-step-count and --from-step-type need --from-step-name.\n") == (done.code, done.err)


def test_restart_unknown_step(served):
    """A step that never began cannot be restarted from."""
    done = served.run(*INSTANCES, "restart", "OrderWorkflow", "a", "--from-step-name", "nope")

    assert 2 == done.code
    assert 'Step "nope" not found in execution history' in done.err


def test_trigger(finished):
    """An instance made while nobody runs is run by the next run."""
    done = finished.run("workflows", "trigger", "OrderWorkflow", '{"items": 9}', "--id", "t")

    assert "🚀 Workflow instance 't' has been queued successfully\n" == done.out
    assert {"shipped": 9} == finished.run("run", "order.py", "--id", "t", "-q").json


def test_delete(finished):
    """Each id has its own outcome, and `latest` is resolved once."""
    finished.write("ids.json", '["a", "nope"]')

    done = finished.run(*INSTANCES, "delete", "OrderWorkflow", "latest", "--filename", "ids.json", "--json")

    assert 1 == done.code
    assert ["c", "a"] == [instance["id"] for instance in done.json["deleted"]]
    assert [("nope", 10400)] == [(error["id"], error["code"]) for error in done.json["errors"]]
    left = finished.run(*INSTANCES, "list", "OrderWorkflow", "--json").json
    assert ["b"] == [instance["id"] for instance in left]


def test_delete_while_it_runs(place, waiting):
    """A run whose instance is deleted says so."""
    place.run(*INSTANCES, "delete", "ApprovalWorkflow", "a")

    ended = waiting.wait()
    assert 2 == ended.code
    assert "Instance 'a' was deleted while it ran." in ended.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("delete", "OrderWorkflow"), "No instance to delete is named: give ids, or --filename."),
        (("delete", "OrderWorkflow", "--filename", "nope.json"), "--filename 'nope.json' cannot be read"),
        (("delete", "OrderWorkflow", "--filename", "order.py"), "--filename 'order.py' is not JSON"),
        (("delete", "OrderWorkflow", *map(str, range(101))), "at most 100 can be deleted at a time"),
        (("describe", "OrderWorkflow", "nope"), "Workflow 'OrderWorkflow' has no instance 'nope'."),
        (("describe", "Nope"), "Workflow 'Nope' does not exist."),
        (("send-event", "OrderWorkflow", "a", "--type", "a.b"), "Event type is 'a.b'; letters, digits"),
        (("send-event", "OrderWorkflow", "a", "--type", "t", "--payload", "{"), "--payload is not JSON"),
        (("send-event", "OrderWorkflow", "a", "--type", "t"), "it is already complete"),
        (("pause", "OrderWorkflow"), "Missing argument"),
    ],
)
def test_refusals(served, arguments, message):
    """What cannot be done is exit code 2 and a sentence."""
    done = served.run(*INSTANCES, *arguments)

    assert (2, "") == (done.code, done.out)
    assert message in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    "arguments",
    [("list",), ("describe", "A"), ("trigger", "A"), ("instances", "list", "A"), ("instances", "pause", "A", "a")],
)
def test_no_state(place, arguments):
    """Without a state there is nothing to manage, and none is made."""
    done = place.run("workflows", *arguments)

    assert 2 == done.code
    assert "Error: There is no state file '.stepwell/state.sqlite'." in done.err
    assert [] == list(place.folder.iterdir())


def test_json_is_everywhere(finished):
    """What a program reads is JSON, also after a change."""
    for arguments in (
        ("workflows", "describe", "OrderWorkflow"),
        (*INSTANCES, "describe", "OrderWorkflow"),
        (*INSTANCES, "restart", "OrderWorkflow", "a"),
        ("workflows", "trigger", "OrderWorkflow"),
        ("doctor",),
    ):
        assert json.loads(finished.run(*arguments, "--json").out)
