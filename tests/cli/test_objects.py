"""Durable Objects of a project, as whole processes: what is stored and when alarms are due outlives `kill -9`."""

import json
import os
import signal
import socket
import urllib.request
from urllib.parse import urlsplit

import pytest
from dev_server import Dev
from places import until
from test_orphans import descendants, is_alive

WORKER = """
    import asyncio
    import time

    from workers import DurableObject, Response, WorkerEntrypoint, WorkflowEntrypoint


    class Counter(DurableObject):
        async def add(self):
            n = (await self.ctx.storage.get("n") or 0) + 1
            await self.ctx.storage.put("n", n)
            return n

        async def wake(self, seconds):
            await self.ctx.storage.setAlarm(int(1000 * (time.time() + seconds)))

        async def alarm(self):
            await self.ctx.storage.put("woken", True)

        async def fetch(self, request):
            return Response(f"{request.method} {await self.add()}")

        async def spin(self):
            print("it is in the SQL")
            await asyncio.sleep(0.01)  # what is printed leaves the interpreter at the end of a turn
            endless = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x FROM c) SELECT count(*) FROM c"
            self.ctx.storage.sql.exec(endless).one()

        async def woken(self):
            return bool(await self.ctx.storage.get("woken"))


    class Default(WorkerEntrypoint):
        async def fetch(self, request):
            _, name, method, *args = request.url.rsplit("#")[0].split("//")[1].split("/")
            stub = self.env.COUNTER.getByName(name)
            if method == "fetch":
                return Response.json({"result": await (await stub.fetch(request.url)).text()})
            return Response.json({"result": await getattr(stub, method)(*map(int, args))})


    class Flow(WorkflowEntrypoint):
        async def run(self, event, step):
            @step.do("count")
            async def count():
                return await self.env.COUNTER.getByName("flow").add()

            return await count()
"""


@pytest.fixture
def project(place):
    place.write("entry.py", WORKER)
    config = {
        "name": "app",
        "main": "entry.py",
        "durable_objects": {"bindings": [{"name": "COUNTER", "class_name": "Counter"}]},
        "migrations": [{"tag": "v1", "new_sqlite_classes": ["Counter"]}],
        "workflows": [{"binding": "FLOW", "name": "flow", "class_name": "Flow"}],
    }
    place.write("wrangler.jsonc", json.dumps(config))


@pytest.fixture
def dev(place):
    started = []

    def start():
        started.append(Dev(place, "--port", "0"))
        return started[-1]

    yield start
    for each in started:
        each.dispose()


def call(running, *path):
    with urllib.request.urlopen(f"{running.url}/{'/'.join(map(str, path))}") as response:
        return json.load(response)["result"]


def test_kill(dev, project):
    """A count that was answered is stored, and an alarm that was set fires in the next process."""
    first = dev()
    assert [1, 2] == [call(first, "a", "add"), call(first, "a", "add")]
    assert "GET 1" == call(first, "b", "fetch")
    call(first, "a", "wake", 2)
    os.killpg(first.process.pid, signal.SIGKILL)
    first.process.wait()

    second = dev()

    assert 3 == call(second, "a", "add")
    until(lambda: call(second, "a", "woken"), "the alarm does not fire")


def test_workflow(dev, project, place):
    """A step of a workflow calls an object."""
    running = dev()
    running.wait_for("Ready on")

    done = place.run("workflows", "trigger", "flow", "--id", "i")

    assert 0 == done.code, done.err
    describe = ("workflows", "instances", "describe", "flow", "i", "--json")
    until(lambda: place.run(*describe).json["output"] == 1, "the step does not count")


def test_endless_sql(dev, project):
    """A thread in SQL that does not end is no reason for the host to stay."""
    running = dev()
    with socket.create_connection(("127.0.0.1", urlsplit(running.url).port)) as client:
        client.sendall(b"GET /a/spin HTTP/1.1\r\nhost: localhost\r\n\r\n")
        running.wait_for("it is in the SQL")
        started = descendants(running.process.pid)

        running.process.send_signal(signal.SIGINT)

        until(lambda: not any(map(is_alive, started)), "the host has not ended")
