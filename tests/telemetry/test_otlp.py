"""Traces, metrics and logs as a receiver gets them, from whole processes: complete, once, and after `kill -9` too."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from receiver import Receiver

PATIENCE_S = 120
KILLS = int(os.environ.get("STEPWELL_TRACE_KILLS", "5"))
SEED = int(os.environ.get("STEPWELL_SEED", "0")) or random.randrange(2**31)
FLOW = """
import asyncio

from workers import WorkflowEntrypoint


class Flow(WorkflowEntrypoint):
    async def run(self, event, step):
        for number in range(event["payload"].get("steps", 3)):

            @step.do(f"part {number}", config={"retries": {"limit": 100, "delay": 10, "backoff": "constant"}})
            async def part():
                await asyncio.sleep(event["payload"].get("each", 0))

            await part()
        await step.sleep("nap", "1 second")
        if event["payload"].get("fail"):
            raise ValueError("no such luck")
"""
pytestmark = pytest.mark.timeout(1800)


@pytest.fixture
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture
def place(tmp_path, receiver):
    place = Place(tmp_path, receiver)
    yield place
    place.kill()


class Place:
    """A project, and the process that serves it."""

    def __init__(self, folder, receiver):
        self.folder = folder
        self.write("flow.py", FLOW, {"FLOW": ("flow", "Flow")})
        self.environment = {
            **os.environ,
            **({} if receiver is None else {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url}),
            "OTEL_EXPORTER_OTLP_HEADERS": "x-key=a%20b",
            "OTEL_SERVICE_NAME": "orders",
            "OTEL_METRIC_EXPORT_INTERVAL": "200",
            "OTEL_BLRP_SCHEDULE_DELAY": "100",
        }
        self._process = None
        self._reader = None
        self.url = ""

    def write(self, main, source, workflows):
        """Make it a project of *main*, with *workflows* by their bindings."""
        (self.folder / main).write_text(source, encoding="utf-8")
        listed = [{"binding": key, "name": name, "class_name": cls} for key, (name, cls) in workflows.items()]
        (self.folder / "wrangler.json").write_text(json.dumps({"name": "app", "main": main, "workflows": listed}))

    def serve(self, *options):
        self._reader = None
        self._process = subprocess.Popen(
            [sys.executable, "-m", "stepwell", "serve", ".", "--port", "0", *options],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        for line in self._process.stderr:
            if found := re.search(r"Ready on (http://\S+) ", line):
                self.server = found[1]
                self.url = f"{found[1]}/client/v4/accounts/a/workflows/flow/instances"
                # What it says from now on is read, so that it never waits for its reader.
                self._reader = threading.Thread(target=self._process.stderr.read, daemon=True)
                self._reader.start()
                return
        pytest.fail("the server does not start")

    def kill(self):
        """End all of its processes at once."""
        if self._process is None:
            return
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._forget()

    def stop(self):
        """End it as a person does."""
        self._process.send_signal(signal.SIGINT)
        self._process.wait(timeout=PATIENCE_S)
        self._forget()

    def _forget(self):
        if self._reader is not None:
            self._reader.join()
        self._process.stderr.close()
        self._process = None

    def create(self, instance_id, **params):
        ask(self.url, {"instance_id": instance_id, "params": params})

    def run(self, instance_id, **params):
        """Create an instance, and wait until it has ended well."""
        self.create(instance_id, **params)
        detail = self.ended(instance_id)
        assert "complete" == detail["status"], detail["error"]
        return detail

    def ended(self, instance_id):
        """What REST says of an instance, once it has ended."""
        detail = {}

        def has_ended():
            detail.update(ask(f"{self.url}/{instance_id}"))
            return detail["end"] is not None

        until(has_ended, f"{instance_id} does not end")
        return detail


def ask(url, body=None, headers=None):
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data, headers or {}), timeout=PATIENCE_S) as response:
        return json.load(response)["result"]


def until(happened, complaint):
    deadline = time.monotonic() + PATIENCE_S
    while not happened():
        if time.monotonic() > deadline:
            pytest.fail(complaint)
        time.sleep(0.05)


def attributes(holder):
    return {each.key: each.value.string_value or each.value.int_value for each in holder.attributes}


def expected_spans(detail):
    """One for the instance, one for each step, one for each attempt."""
    return 1 + sum(1 + len(step.get("attempts", [])) for step in detail["steps"])


def test_trace(place, receiver):
    """An instance is one trace of spans that name it, from a service that names itself."""
    place.serve()
    place.create("a")
    detail = place.ended("a")
    until(lambda: receiver.spans, "nothing is sent")

    headers, request = receiver.requests["/v1/traces"][0]
    assert "a b" == headers["x-key"]
    assert "orders" == attributes(request.resource_spans[0].resource)["service.name"]
    assert expected_spans(detail) == len(receiver.spans)
    assert 1 == len({span.trace_id for span in receiver.spans})
    assert {"a"} == {attributes(span)["workflow.instance.id"] for span in receiver.spans}
    (root,) = (span for span in receiver.spans if not span.parent_span_id)
    assert "workflow flow" == root.name
    known = {span.span_id for span in receiver.spans}
    assert all(span.parent_span_id in known for span in receiver.spans if span is not root)
    assert [] == receiver.problems


def test_failure(place, receiver):
    """An error of the instance is its span's."""
    place.serve()
    place.create("a", fail=True)
    place.ended("a")
    until(lambda: receiver.spans, "nothing is sent")

    (root,) = (span for span in receiver.spans if not span.parent_span_id)
    assert (2, "no such luck") == (root.status.code, root.status.message)
    assert "ValueError" == attributes(root.events[-1])["exception.type"]


def test_receiver_is_down(place, receiver):
    """What a receiver does not take is kept in the state, and sent by the next process."""
    receiver.answer = 503
    place.serve()
    place.create("a")
    place.ended("a")
    place.stop()
    assert [] == receiver.spans

    receiver.answer = 200
    place.serve()
    until(lambda: receiver.spans, "nothing is sent")

    assert {"a"} == {attributes(span)["workflow.instance.id"] for span in receiver.spans}


CHILD = """
from workers import WorkflowEntrypoint


class Parent(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("start child")
        async def start():
            await self.env.CHILD.create({"id": "child"})

        await start()
        await self.env.CHILD.create({"id": "child-of-run"})


class Child(WorkflowEntrypoint):
    async def run(self, event, step):
        return 1
"""
JS_CHILD = """
import { WorkflowEntrypoint } from "cloudflare:workers";
export class Parent extends WorkflowEntrypoint {
  async run(event, step) {
    await step.do("start child", async () => void (await this.env.CHILD.create({ id: "child" })));
    await this.env.CHILD.create({ id: "child-of-run" });
  }
}
export class Child extends WorkflowEntrypoint {
  async run() { return 1; }
}
"""
CHILDREN = {"PARENT": ("flow", "Parent"), "CHILD": ("child", "Child")}


def named(receiver, name, instance="a"):
    """The span of *name* in the trace of an instance."""
    (span,) = (
        span for span in receiver.spans if span.name == name and attributes(span)["workflow.instance.id"] == instance
    )
    return span


@pytest.mark.parametrize(("main", "source"), [("flow.py", CHILD), ("flow.js", JS_CHILD)], ids=["python", "javascript"])
def test_children(place, receiver, main, source):
    """An instance that another one has created is a trace of its own, with a link to the step that did it."""
    place.write(main, source, CHILDREN)
    place.serve()
    place.run("a")
    until(lambda: len(receiver.spans) >= 5, "spans are missing")

    child = named(receiver, "workflow child", "child")
    step = named(receiver, "start child")
    assert [(step.trace_id, step.span_id)] == [(link.trace_id, link.span_id) for link in child.links]
    assert child.trace_id != step.trace_id
    root = named(receiver, "workflow flow")
    (link,) = named(receiver, "workflow child", "child-of-run").links
    assert (root.trace_id, root.span_id) == (link.trace_id, link.span_id)


def test_caller(place, receiver):
    """A request that names a span is a link of the instance that it creates."""
    trace, span = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    place.serve()
    ask(place.url, {"instance_id": "a"}, {"traceparent": f"00-{trace}-{span}-01"})
    ask(place.url, {"instance_id": "b"}, {"traceparent": "nonsense"})
    until(lambda: len({span.trace_id for span in receiver.spans}) == 2, "spans are missing")

    (link,) = named(receiver, "workflow flow").links
    assert (trace, span) == (link.trace_id.hex(), link.span_id.hex())
    assert [] == list(named(receiver, "workflow flow", "b").links)


FETCH = """
from workers import WorkflowEntrypoint, fetch


class Flow(WorkflowEntrypoint):
    async def run(self, event, step):
        url = event["payload"]["url"]

        @step.do("ask")
        async def ask():
            return await (await fetch(url)).text()

        @step.do("ask with own")
        async def own():
            return await (await fetch(url, headers={"traceparent": "own"})).text()

        return [await ask(), await own(), await (await fetch(url, method="POST", body="x")).text()]
"""
JS_FETCH = """
import { WorkflowEntrypoint } from "cloudflare:workers";
export class Flow extends WorkflowEntrypoint {
  async run(event, step) {
    const { url } = event.payload;
    const ask = async (init) => (await fetch(url, init)).text();
    return [
      await step.do("ask", () => ask()),
      await step.do("ask with own", () => ask({ headers: { traceparent: "own" } })),
      await ask({ method: "POST", body: "x" }),
    ];
  }
}
"""


@pytest.fixture
def echo():
    """The address of a server whose answer is the request's `traceparent`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.answer()

        def do_POST(self) -> None:
            self.answer()

        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            body = (self.headers.get("traceparent") or "").encode()
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    "project",
    [("flow.py", FETCH, ()), ("flow.py", FETCH, ("--runtime", "cpython")), ("flow.js", JS_FETCH, ())],
    ids=["pyodide", "cpython", "javascript"],
)
def test_requests(place, receiver, echo, project):
    """A request names the span of the step that sends it, or of the instance, unless the code names another one."""
    main, source, options = project
    place.write(main, source, {"FLOW": ("flow", "Flow")})
    place.serve(*options)
    in_step, own, in_run = place.run("a", url=echo)["output"]
    until(lambda: receiver.spans, "nothing is sent")

    step, root = named(receiver, "ask"), named(receiver, "workflow flow")
    assert f"00-{step.trace_id.hex()}-{step.span_id.hex()}-01" == in_step
    assert "own" == own
    assert f"00-{root.trace_id.hex()}-{root.span_id.hex()}-01" == in_run


CLIENTS = """
from workers import WorkflowEntrypoint
{imports}

class Flow(WorkflowEntrypoint):
    async def run(self, event, step):
        url = event["payload"]["url"]
        answers = {{}}
{steps}
        return answers
"""
CLIENT = """
        @step.do("{name}")
        async def client():
            OWN = {{"traceparent": "own"}}
            return [{plain}, {own}]

        answers["{name}"] = await client()
"""
IN_CPYTHON = {
    "urllib": (
        "urllib.request.urlopen(url).read().decode()",
        "urllib.request.urlopen(urllib.request.Request(url, headers=OWN)).read().decode()",
    ),
    "httpx": ("httpx.get(url).text", "httpx.get(url, headers=OWN).text"),
    "async httpx": (
        "(await httpx.AsyncClient().get(url)).text",
        "(await httpx.AsyncClient().get(url, headers=OWN)).text",
    ),
}
IN_PYODIDE = {
    "js.fetch": (
        "await (await js.fetch(url)).text()",
        "await (await js.fetch(url, headers=to_js(OWN, dict_converter=js.Object.fromEntries))).text()",
    ),
    "pyfetch": ("await (await pyfetch(url)).string()", "await (await pyfetch(url, headers=OWN)).string()"),
}


@pytest.mark.parametrize(
    "project",
    [
        ("import urllib.request, httpx", IN_CPYTHON, ("--runtime", "cpython")),
        ("import js\nfrom pyodide.ffi import to_js\nfrom pyodide.http import pyfetch", IN_PYODIDE, ()),
    ],
    ids=["cpython", "pyodide"],
)
def test_clients(place, receiver, echo, project):
    """Requests of HTTP clients that are not ours name the span of their step, too."""
    imports, clients, options = project
    if "httpx" in imports:
        pytest.importorskip("httpx")
    steps = "".join(CLIENT.format(name=name, plain=plain, own=own) for name, (plain, own) in clients.items())
    place.write("flow.py", CLIENTS.format(imports=imports, steps=steps), {"FLOW": ("flow", "Flow")})
    place.serve(*options)
    answers = place.run("a", url=echo)["output"]
    until(lambda: receiver.spans, "nothing is sent")

    for name in clients:
        span = named(receiver, name)
        assert [f"00-{span.trace_id.hex()}-{span.span_id.hex()}-01", "own"] == answers[name], name


def test_requests_without_traces(place, receiver, echo):
    """Where no traces are sent, requests name no span."""
    place.environment["OTEL_SDK_DISABLED"] = "true"
    place.write("flow.py", FETCH, {"FLOW": ("flow", "Flow")})
    place.serve()

    assert ["", "own", ""] == place.run("a", url=echo)["output"]
    assert [] == receiver.spans


LOGS = """
import logging

from workers import WorkflowEntrypoint


class Flow(WorkflowEntrypoint):
    async def run(self, event, step):
        print("in run")

        @step.do("talk-2")
        async def talk():
            print("in step", self.env.TOKEN)
            logging.error("bad luck")

        await talk()
"""


def test_logs(place, receiver):
    """What workflows print is sent once, with the span of its step, while they run; secrets are masked."""
    place.write("flow.py", LOGS, {"FLOW": ("flow", "Flow")})
    (place.folder / ".dev.vars").write_text("TOKEN=s3cret-value")
    place.serve()
    place.run("a")
    until(lambda: len(receiver.records) >= 3 and receiver.spans, "records are missing")
    place.stop()

    step, root = named(receiver, "talk-2"), named(receiver, "workflow flow")
    said = [(r.body.string_value, r.severity_number, r.trace_id, r.span_id) for r in receiver.records]
    assert [
        ("in run", 9, root.trace_id, root.span_id),
        ("in step [TOKEN]", 9, step.trace_id, step.span_id),
        ("bad luck", 17, step.trace_id, step.span_id),
    ] == said
    assert ("a", "talk-2", 1) == tuple(
        attributes(receiver.records[1])[f"workflow.{key}"] for key in ("instance.id", "step.name", "step.count")
    )
    assert [] == receiver.problems


def test_metrics(place, receiver):
    """Metrics come as sums and histograms, with the numbers that Prometheus gets."""
    place.serve()
    place.run("a")

    def complete():
        finished = receiver.metrics.get("stepwell_instances_finished")
        return finished and finished.sum.data_points

    until(complete, "no instance is counted")
    metrics = receiver.metrics
    (finished,) = metrics["stepwell_instances_finished"].sum.data_points
    steps = metrics["stepwell_steps"].sum
    (duration,) = metrics["stepwell_instance_duration"].histogram.data_points
    assert ({"workflow": "flow", "status": "complete"}, 1) == (attributes(finished), finished.as_double)
    assert (True, 2, 3) == (steps.is_monotonic, steps.aggregation_temporality, steps.data_points[0].as_double)
    assert "s" == metrics["stepwell_instance_duration"].unit
    assert (1, 1) == (duration.count, sum(duration.bucket_counts))
    assert len(duration.explicit_bounds) + 1 == len(duration.bucket_counts)
    assert finished.start_time_unix_nano < finished.time_unix_nano
    assert [] == receiver.problems


def test_kills(place, receiver):
    """After kills at random moments each instance has one whole trace, and no span has two forms."""
    print(f"STEPWELL_SEED={SEED}")
    dice = random.Random(SEED)
    names = [f"i{number}" for number in range(6)]
    place.serve()
    for name in names:
        place.create(name, steps=12, each=0.1)
    for _ in range(KILLS):
        time.sleep(dice.uniform(0, 1.5))
        place.kill()
        place.serve()
    details = {name: place.ended(name) for name in names}
    wanted = sum(map(expected_spans, details.values()))
    until(lambda: len({span.span_id for span in receiver.spans}) >= wanted, "spans are missing")

    spans = {span.span_id: span for span in receiver.spans}
    assert wanted == len(spans)
    assert all(span == spans[span.span_id] for span in receiver.spans), "a span that was sent twice is the same"
    assert len(names) == len({span.trace_id for span in spans.values()})
    by_instance = Counter(attributes(span)["workflow.instance.id"] for span in spans.values())
    assert {name: expected_spans(detail) for name, detail in details.items()} == by_instance
    assert [] == receiver.problems
