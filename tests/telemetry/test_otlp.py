"""Traces as a receiver gets them, from whole processes: complete, once, and after `kill -9` too."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections import Counter

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
        (folder / "flow.py").write_text(FLOW, encoding="utf-8")
        workflow = {"binding": "FLOW", "name": "flow", "class_name": "Flow"}
        (folder / "wrangler.json").write_text(json.dumps({"name": "app", "main": "flow.py", "workflows": [workflow]}))
        self._environment = {
            **os.environ,
            "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url,
            "OTEL_EXPORTER_OTLP_HEADERS": "x-key=a%20b",
            "OTEL_SERVICE_NAME": "orders",
        }
        self._process = None
        self.url = ""

    def serve(self):
        self._process = subprocess.Popen(
            [sys.executable, "-m", "stepwell", "serve", ".", "--port", "0"],
            cwd=self.folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        for line in self._process.stderr:
            if found := re.search(r"Ready on (http://\S+) ", line):
                self.url = f"{found[1]}/client/v4/accounts/a/workflows/flow/instances"
                return
        pytest.fail("the server does not start")

    def kill(self):
        """End all of its processes at once."""
        if self._process is None:
            return
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.communicate()
        self._process = None

    def stop(self):
        """End it as a person does."""
        self._process.send_signal(signal.SIGINT)
        self._process.communicate(timeout=PATIENCE_S)
        self._process = None

    def create(self, instance_id, **params):
        ask(self.url, {"instance_id": instance_id, "params": params})

    def ended(self, instance_id):
        """What REST says of an instance, once it has ended."""
        detail = {}

        def has_ended():
            detail.update(ask(f"{self.url}/{instance_id}"))
            return detail["end"] is not None

        until(has_ended, f"{instance_id} does not end")
        return detail


def ask(url, body=None):
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data), timeout=PATIENCE_S) as response:
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
