"""`stepwell serve`, as a process."""

import json
import sqlite3
from contextlib import closing

import pytest
from places import until

FLOW = """
    from workers import WorkflowEntrypoint


    class Tick(WorkflowEntrypoint):
        async def run(self, event, step):
            schedule = event.get("schedule")
            return {"cron": schedule["cron"] if schedule else None, "payload": event["payload"]}
"""


@pytest.fixture
def project(place):
    """Writes a project whose workflow has schedules."""
    place.write("flow.py", FLOW)

    def write(*schedules):
        workflow = {"binding": "TICK", "name": "tick", "class_name": "Tick", "schedules": list(schedules)}
        place.write("wrangler.json", json.dumps({"name": "w", "main": "flow.py", "workflows": [workflow]}))

    return write


def instances(place):
    return place.run("workflows", "instances", "list", "tick", "--json").json


def test_schedule(place, project):
    """A time that passed while nothing ran is made up for; the instance knows its schedule and is told apart."""
    # Once a year, so that none of its times comes while this runs.
    project("0 0 1 1 *")
    running = place.start("serve", ".")
    said = running.read_until("next at")
    running.interrupt()
    assert 130 == running.wait().code
    assert "Serving tick. Stop with Ctrl-C." in said
    with closing(sqlite3.connect(place.state)) as state, state:
        state.execute("UPDATE schedules SET done = done - 366 * 86400000")

    running = place.start("serve", ".")
    running.read_until("next at")
    until(lambda: [each["status"] for each in instances(place)] == ["complete"], "nothing is made up for")
    running.interrupt()
    running.wait()

    (instance,) = instances(place)
    assert instance["id"].startswith("0 0 1 1 *-")
    assert "cron" == instance["trigger_source"]
    described = place.run("workflows", "instances", "describe", "tick", instance["id"], "--json").json
    assert {"cron": "0 0 1 1 *", "payload": {}} == described["output"]
    assert f"0 0 1 1 *-{described['schedule']['scheduledTime']}" == instance["id"]
    assert "⌛ Cron" in place.run("workflows", "instances", "describe", "tick", instance["id"]).out
    assert "0 0 1 1 * (next: " in place.run("workflows", "describe", "tick").out
    assert 0 == place.run("workflows", "instances", "delete", "tick", instance["id"]).code


def test_triggered(place, project):
    """What other commands make runs there."""
    project()
    running = place.start("serve", ".")
    running.read_until("Serving")

    made = place.run("workflows", "trigger", "tick", '{"a": 1}', "--id", "t")

    assert 0 == made.code
    until(lambda: [each["status"] for each in instances(place)] == ["complete"], "it does not run")


def test_takes_over(place, project, approval):
    """Where a run owns the state, that serves; when it has ended, we do."""
    project("0 * * * *")
    owner = place.start("run", "approval.py", "--id", "a")
    owner.read_until("waiting for event")
    running = place.start("serve", ".")
    assert "which owns the state" in running.read_until("Serving")

    owner.kill_group()

    running.read_until("Serving tick. Stop")


@pytest.mark.parametrize(
    ("cron", "problem"), [("61 * * * *", 'the minute "61" is not allowed'), ("@daily", "it must have five fields")]
)
def test_bad_schedule(place, project, cron, problem):
    """A schedule that cannot be kept is refused with its place, and nothing is deployed."""
    project("0 * * * *", cron)

    done = place.run("serve", ".")

    assert 2 == done.code
    assert f"schedules[1] of workflow 'tick' is {json.dumps(cron)}: {problem}" in done.err
    assert [] == place.run("workflows", "list", "--json").json
