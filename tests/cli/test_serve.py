"""`stepwell serve`, as a process."""

import json
import os
import re
import signal
import socket
import sqlite3
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from places import PATIENCE, until

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


# Workers --------------------------------------------------------------------------------------------------------------

WORKER = """
    import asyncio

    from workers import Response, WorkerEntrypoint, WorkflowEntrypoint


    class Slow(WorkflowEntrypoint):
        async def run(self, event, step):
            @step.do("work", config={"retries": {"limit": 0, "delay": 0}})
            async def work():
                print("working")
                await asyncio.sleep(1)
                return "worked"

            await work()
            await step.sleep("nap", "1 hour")


    class Default(WorkerEntrypoint):
        async def fetch(self, request):
            if request.url.endswith("/slow"):
                print("slow")
                await asyncio.sleep(1)
            if request.url.endswith("/never"):
                await asyncio.sleep(3600)
            if request.url.endswith("/raise"):
                raise ValueError("secret reason")
            return Response("served")
"""


@pytest.fixture
def served(place):
    """Starts a server with handlers; its URL, and the command."""
    place.write("entry.py", WORKER)
    workflow = {"binding": "SLOW", "name": "slow", "class_name": "Slow"}
    config = {"name": "w", "main": "entry.py", "compatibility_date": "2026-09-08", "workflows": [workflow]}
    place.write("wrangler.json", json.dumps(config))

    def start(*arguments):
        running = place.start("serve", "--port", "0", *arguments)
        said = running.read_until("Ready on")
        return re.search(r"Ready on (\S+)", said)[1], running

    return start


def get(url):
    """Status and text of an answer."""
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_handlers_and_probes(served):
    """The Worker answers; /healthz and /readyz are the server's own, and an error tells clients nothing."""
    url, running = served()

    assert [(200, "served"), (200, "ok\n"), (200, "ready\n")] == [
        get(f"{url}/"),
        get(f"{url}/healthz"),
        get(f"{url}/readyz"),
    ]
    assert (500, "Internal Server Error") == get(f"{url}/raise")
    assert "ValueError: secret reason" in running.read_until("ValueError: ")


def test_stop_finishes_requests(served):
    """SIGTERM lets requests that are under way end; the exit code is 0."""
    url, running = served()
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(get, f"{url}/slow")
        running.read_until("slow")

        os.kill(running.pid, signal.SIGTERM)

        assert (200, "served") == answer.result(PATIENCE)
    assert 0 == running.wait().code


def test_stop_finishes_attempts(place, served):
    """SIGTERM lets attempts end, and parks their instances: a step with retry limit 0 is not cut."""
    _url, running = served()
    place.run("workflows", "trigger", "slow", "--id", "a")
    running.read_until("working")

    os.kill(running.pid, signal.SIGTERM)

    assert 0 == running.wait().code
    described = place.run("workflows", "instances", "describe", "slow", "a", "--json").json
    assert [("work-1", True)] == [(each["name"], each["success"]) for each in described["steps"] if "success" in each]


def test_time_limit(served):
    """A handler that never answers is a gateway timeout, and holds up no other request."""
    url, _running = served("--request-timeout", "10")
    assert (200, "served") == get(f"{url}/")
    with ThreadPoolExecutor(1) as pool:
        never = pool.submit(get, f"{url}/never")

        assert (200, "served") == get(f"{url}/")
        assert 504 == never.result(PATIENCE)[0]


def test_json_lines(place, served):
    """With --log-format json each line of stdout is a JSON object."""
    place.write("entry.py", WORKER)
    workflow = {"binding": "SLOW", "name": "slow", "class_name": "Slow"}
    place.write("wrangler.json", json.dumps({"name": "w", "main": "entry.py", "workflows": [workflow]}))
    running = place.start("serve", "--port", "0", "--log-format", "json")
    lines = []
    for line in running.out:
        lines.append(json.loads(line))
        if lines[-1].get("url"):
            break

    assert (500, "Internal Server Error") == get(f"{lines[-1]['url']}/raise")
    for line in running.out:
        lines.append(json.loads(line))
        if lines[-1]["type"] == "error":
            break

    assert all(isinstance(each["time"], int) for each in lines)
    request = next(each for each in lines if each["type"] == "request")
    assert ("GET", 500) == (request["method"], request["status"])
    assert "ValueError: secret reason" in lines[-1]["traceback"]


def test_client_that_leaves(served):
    """A client that leaves ends its request; the server goes on."""
    url, running = served()
    with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2]))) as client:
        client.sendall(b"GET /slow HTTP/1.1\r\nhost: localhost\r\n\r\n")
        running.read_until("slow")

    assert "GET /slow 499" in running.read_until("GET /slow")
    assert (200, "served") == get(url)
