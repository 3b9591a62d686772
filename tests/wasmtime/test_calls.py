"""Calls into instances and out of them: both ways in which they are made do the same."""

from __future__ import annotations

import importlib
import json
import resource
import shutil
import threading
from pathlib import Path

import pytest

from .conftest import ROOT, load

wasmtime = pytest.importorskip("wasmtime", reason="stepwell[wasmtime] is not installed")

STATM = Path("/proc/self/statm")
FLOW = """
from workers import WorkflowEntrypoint

class Chain(WorkflowEntrypoint):
    async def run(self, event, step):
        found = []
        for text in event["payload"]:
            @step.do("one \u00e9")
            async def one():
                print(text)
                return text * 2
            found.append(await one())
        return found
"""
CONFIG = {"retries": {"limit": 5, "delay": 1000, "backoff": "exponential"}, "timeout": "10 minutes"}


@pytest.fixture(scope="module")
def parts(host):
    """An engine and the component, compiled."""
    build = load("build", ROOT / "runtime/wasmtime/build.py")
    engine = wasmtime.Engine(host("sandbox_instance").configure())
    return engine, host("precompiled").load(engine, build.find(), build.cache() / "wasmtime")


class Owner:
    """Keeps what an instance says."""

    def __init__(self):
        self.said = []
        self.times = 0

    def batches(self, _pass_instance, texts):
        self.said += texts
        self.times += 1

    def wake(self, _pass_instance): ...

    def wake_in(self, _pass_instance, _seconds): ...

    def block(self, _seconds): ...


class Instance:
    """One instance with a workflow, driven by hand."""

    def __init__(self, host, parts, folder, calls):
        sandbox_module = host("sandbox_instance")
        sandbox_module.Caller, sandbox_module.add_import = calls.Caller, calls.add_import
        (folder / "flow.py").write_text(FLOW)
        limits = host("limits").Limits(256 << 20, None, None, None, None)
        options = {"root": str(folder), "main": str(folder / "flow.py"), "vars": {}}
        self.deployment = host("deployment_copy").DeploymentCopy(options, limits)
        self.owner = Owner()
        factory = sandbox_module.InstanceFactory(*parts)
        self.instance = host("pass_instance").PassInstance(1, self.deployment, factory, limits, self.owner)

    def deliver(self, *messages, values=()):
        self.instance.put("deliver", "\n".join([json.dumps(messages), *values]))
        self.instance.work()
        said, self.owner.said = self.owner.said, []
        return [(message, text.split("\n")[1:]) for text in said for message in json.loads(text.split("\n")[0])]

    def run(self, payload):
        """Everything that the workflow says."""
        event = {"timestamp": 1, "instanceId": "a", "workflowName": "chain"}
        start = {"className": "Chain", "event": event, "defaults": CONFIG, "stepLimit": 10_000, "history": []}
        said = self.deliver({"type": "start", "pass": 1, "value": 1, **start}, values=[json.dumps(payload)])
        everything = list(said)
        while answers := [
            {"type": "resolve", "pass": 1, "ref": message["ref"]} for message, _ in said if message["type"] == "done"
        ]:
            said = self.deliver(*answers)
            everything += said
        return everything

    def close(self):
        self.instance.drop()
        self.deployment.close()


@pytest.fixture
def open_instance(host, parts, tmp_path):
    """An instance whose calls are made in one of the ways. Runs in a thread with the stack that Python needs there."""
    opened = []

    def open_(name):
        folder = tmp_path / name
        folder.mkdir()
        opened.append(Instance(host, parts, folder, host(name)))
        return opened[-1]

    yield open_
    for instance in opened:
        instance.close()


def in_large_stack(host, work):
    """What *work* gives, on a thread as the host process has them."""
    threading.stack_size(host("sandbox_instance").THREAD_STACK_BYTES)
    given = []
    thread = threading.Thread(target=lambda: given.append(work()))
    thread.start()
    thread.join()
    threading.stack_size(0)
    return given[0]


def test_both_do_the_same(host, open_instance):
    """Texts of any kind, and numbers, arrive as they left, in the same order."""
    payload = ["", "plain", "\u00e9\u4e2d\U0001f600", "x" * 100_000]

    fast, public = (
        in_large_stack(host, lambda name=name: open_instance(name).run(payload)) for name in ("direct", "calls")
    )

    assert fast == public
    assert [text * 2 for text in payload] == json.loads(fast[-1][1][-1])


def test_batches_of_a_turn_leave_together(host, open_instance):
    """That an attempt begins, and what came of it, is one thing to send where the turn is short."""

    def run():
        instance = open_instance("direct")
        said = instance.run(["a", "b"])
        return instance.owner.times, [message["type"] for message, _ in said]

    times, said = in_large_stack(host, run)

    assert ["do", "log", "done", "do", "log", "done", "end"] == [kind for kind in said if kind != "quiet"]
    assert times == 3


def test_fast_paths_are_there(host):
    """Of the package that is pinned, the names that they need are there."""
    assert host("direct").Caller.__module__ == importlib.reload(host("sandbox_instance")).Caller.__module__
    assert host("deadlines").IS_CHECKED
    assert [] == host("fast_paths").lost()


@pytest.mark.timeout(900)  # it compiles, on a machine that may have much to do
@pytest.mark.skipif(not shutil.which("componentize-py"), reason="componentize-py is not installed")
def test_a_component_of_another_layout_runs(host, tmp_path, monkeypatch, capsys):
    """One whose objects could not be found: it is built, with a warning, and does the same."""
    tree = tmp_path / "tree"
    for folder in ("bridge", "py/workers", "runtime"):
        shutil.copytree(ROOT / folder, tree / folder, ignore=shutil.ignore_patterns("__pycache__"))
    objects = tree / "runtime/wasmtime/sandbox/objects.py"
    objects.write_text(objects.read_text().replace('MARK = "stepwell objects"', 'MARK = "elsewhere object"'))
    monkeypatch.setenv("STEPWELL_CACHE", str(tmp_path / "cache"))
    build = load("other_build", tree / "runtime/wasmtime/build.py")
    component = build.make(tmp_path / "components", tree)
    assert "stepwell: instances of the wasmtime runtime will need more memory" in capsys.readouterr().err

    config = host("sandbox_instance").configure()
    config.cranelift_opt_level = "none"  # it takes half the time, of ten seconds
    engine = wasmtime.Engine(config)
    parts = engine, wasmtime.component.Component.from_file(engine, str(component))
    instance = Instance(host, parts, tmp_path, host("direct"))
    try:
        said = in_large_stack(host, lambda: instance.run(["x"]))
    finally:
        instance.close()

    assert ["end"] == [message["type"] for message, _ in said if message["type"] in {"end", "fail"}]


@pytest.mark.skipif(not STATM.exists(), reason="needs /proc")
def test_nothing_is_left_of_a_call(host, open_instance):
    """Tens of thousands of calls leave the process as large as it was."""

    def measure():
        instance = open_instance("direct")
        instance.run(["x" * 1000])
        pass_instance = instance.instance

        def call(times):
            for _ in range(times):
                pass_instance.put("deliver", '[{"type":"hold","pass":1,"on":false}]')
                pass_instance.work()
                instance.owner.said.clear()

        call(2_000)
        before = _memory()
        call(20_000)
        return _memory() - before

    assert in_large_stack(host, measure) < 2 << 20


def _memory():
    return int(STATM.read_text().split()[1]) * resource.getpagesize()
