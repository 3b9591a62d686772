"""`stepwell dev`: what is saved is there, and what cannot be loaded leaves the old code."""

import json
import re
import textwrap
import time
from pathlib import Path

import pytest
from dev_server import WORKER, edit, get, write_nap, write_web
from places import until

from stepwell.source_watcher import QUIET_S


@pytest.fixture
def project(place):
    return write_nap(place)


@pytest.fixture
def worker(place):
    return write_web(place)


def test_reload(dev, project, place):
    """A saved change is there for instances in flight; a skipped sleep shows it."""
    running = dev("--port", "0")
    running.wait_for("Ready on")
    place.run("workflows", "trigger", "nap", "--id", "a")
    running.wait_for("nap a: sleep 'nap-1'")

    edit(project, '"one"', '"two"')
    running.wait_for("Reloaded.")
    place.run("workflows", "instances", "skip-sleep", "nap", "a")
    running.wait_for("nap a: complete")

    assert "two" == place.run("workflows", "instances", "describe", "nap", "a", "--json").json["output"]
    assert "does not fit the new code" not in running.text


IN_FLIGHT = """
    from workers import WorkflowEntrypoint, fetch


    class Nap(WorkflowEntrypoint):
        async def run(self, event, step):
            payload = event["payload"]

            @step.do("first")
            async def first():
                response = await fetch(payload["url"])
                return await response.text()

            text = await first()
            if payload["how"] == "sleeps":
                await step.sleep("nap", "1 hour")
            if payload["how"] == "waits":
                await step.wait_for_event("word", "word", timeout="1 hour")

            @step.do("last")
            async def last():
                return [text, "one"]

            return await last()
"""


def test_instances_over_a_reload(dev, project, place, held):
    """Instances that run a step, sleep or wait when the code is reloaded end in the new code; no step runs twice."""
    project.write_text(textwrap.dedent(IN_FLIGHT))
    running = dev("--port", "0")
    running.wait_for("Ready on")
    for how in ("runs", "sleeps", "waits"):
        params = json.dumps({"how": how, "url": f"{held.url}/{how}"})
        assert 0 == place.run("workflows", "trigger", "nap", params, "--id", how).code
    running.wait_for("nap sleeps: sleep 'nap-1'")
    running.wait_for("nap waits: wait 'word-1'")
    until(lambda: "/runs" in held.requests, "the step does not run")

    edit(project, '"one"', '"two"')
    running.wait_for("Reloaded.")
    held.released.set()
    place.run("workflows", "instances", "skip-sleep", "nap", "sleeps")
    place.run("workflows", "instances", "send-event", "nap", "waits", "--type", "word")

    for how in ("runs", "sleeps", "waits"):
        running.wait_for(f"nap {how}: complete")
        output = place.run("workflows", "instances", "describe", "nap", how, "--json").json["output"]
        assert ["answered", "two"] == output
    assert ["/runs", "/sleeps", "/waits"] == sorted(held.requests)
    assert "does not fit the new code" not in running.text


def test_divergence(dev, project, place):
    """An instance whose history the new code does not fit is named, with step and line."""
    running = dev("--port", "0")
    running.wait_for("Ready on")
    place.run("workflows", "trigger", "nap", "--id", "a")
    running.wait_for("nap a: sleep 'nap-1'")

    edit(project, 'step.do("first")', 'step.do("other")')

    text = running.wait_for("does not fit the new code")
    assert "Instance 'a' of 'nap' does not fit the new code at step 'first-1' (entry.py:7)" in text
    assert "the code does not call step 'first-1', and calls 'other-1'" in text


def test_syntax_error(dev, project, place):
    """Code that does not load is named with its line, and the code before it stays."""
    running = dev("--port", "0")
    running.wait_for("Ready on")
    place.run("workflows", "trigger", "nap", "--id", "a")
    running.wait_for("nap a: sleep 'nap-1'")

    project.write_text(project.read_text() + "\noops(\n")
    text = running.wait_for("SyntaxError")
    assert "Not reloaded; the code before it stays:" in text
    assert re.search(r'entry\.py", line \d+', text)
    place.run("workflows", "instances", "skip-sleep", "nap", "a")
    running.wait_for("nap a: complete")

    edit(project, "\noops(\n", "\n")
    running.wait_for("Reloaded.")


JAVASCRIPT = """
    export default { fetch: () => new Response("one") };
"""


def test_import_without_end(dev, place, held):
    """A newer save takes the place of code that is still imported."""
    entry = place.write("entry.mjs", JAVASCRIPT)
    place.write("wrangler.json", json.dumps({"name": "web", "main": "entry.mjs"}))
    running = dev("--port", "0")
    assert (200, "one") == get(running.url)

    entry.write_text(f'await fetch("{held.url}/runs");')
    until(lambda: "/runs" in held.requests, "the import does not begin")
    place.write("entry.mjs", JAVASCRIPT.replace("one", "two"))
    running.wait_for("Reloaded.")

    assert (200, "two") == get(running.url)
    assert "Not reloaded" not in running.text


def test_state_beside_the_configuration(dev, place):
    """What the state writes there is no change of the project."""
    entry = place.write("entry.mjs", JAVASCRIPT)
    place.write("wrangler.json", json.dumps({"name": "web", "main": "entry.mjs"}))
    running = dev("--port", "0", "--state", "state.sqlite")
    assert (200, "one") == get(running.url)

    edit(entry, "one", "two")
    running.wait_for("Reloaded.")

    assert (200, "two") == get(running.url)
    assert 1 == running.text.count("Reloaded.")


def test_broken_configuration(dev, project, place):
    """A configuration that does not fit is named with its line, and what runs stays."""
    running = dev("--port", "0")
    running.wait_for("Ready on")

    place.write("wrangler.jsonc", '{"main": 3}')
    running.wait_for("wrangler.jsonc:1: main is 3; it must be a string.")

    assert running.process.poll() is None


def test_files_of_tools(dev, project, place):
    """What tools write reloads nothing; a source does."""
    running = dev("--port", "0")
    running.wait_for("Ready on")

    for folder in (".wrangler", ".stepwell", "python_modules", "src/.wrangler", "src/python_modules"):
        place.write(f"{folder}/x.py", "A = 1")
    time.sleep(0.5)
    assert "Reloaded." not in running.text

    place.write("src/other.py", "A = 1")
    running.wait_for("Reloaded.")


def test_edit_is_served(dev, worker):
    """A saved change of a handler is served, without an answer that fails meanwhile."""
    running = dev("--port", "0")
    assert (200, "one") == get(running.url)

    edit(worker, 'Response("one")', 'Response("two")')
    answers = []
    until(lambda: answers.append(get(running.url)) or answers[-1] == (200, "two"), "the change is not served")

    assert {(200, "one"), (200, "two")} >= set(answers)


def test_reloads_of_a_burst(dev, worker):
    """
    200 saves in a row are a few reloads.

    That a burst without a pause is two reloads is tests/cli/test_source_watcher.py's, with a clock of its own. On a
    busy machine both who saves and who watches pause, so here reloads are only as far apart as they must be.
    """
    running = dev("--port", "0")
    assert (200, "one") == get(running.url)

    began = time.monotonic()
    for number in range(200):
        worker.write_text(f"{textwrap.dedent(WORKER)}\nNUMBER = {number}\n")
        time.sleep(1 / 200)
    worker.write_text(textwrap.dedent(WORKER).replace("one", "last"))
    until(lambda: get(running.url) == (200, "last"), "the last save is not served")

    assert running.text.count("Reloaded.") <= 2 + (time.monotonic() - began) / QUIET_S


OF_ALL_KINDS = """
    from workers import DurableObject, Response, WorkerEntrypoint, WorkflowEntrypoint

    CODE = 0


    class Nap(WorkflowEntrypoint):
        async def run(self, event, step):
            await step.sleep("nap", "1 hour")


    class Counter(DurableObject):
        async def fetch(self, request):
            return Response("counted")


    class Default(WorkerEntrypoint):
        async def fetch(self, request):
            return Response(f"{CODE} {self.env.SETTING}")
"""


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc")
@pytest.mark.parametrize("changed", ["code", "configuration"])
def test_many_reloads(dev, project, place, changed):
    """What a reload starts ends: after 12 the processes have no more threads and open files than after 2."""
    config = {
        **json.loads((place.folder / "wrangler.jsonc").read_text()),
        "durable_objects": {"bindings": [{"name": "COUNTER", "class_name": "Counter"}]},
        "migrations": [{"tag": "v1", "new_sqlite_classes": ["Counter"]}],
        "vars": {"SETTING": 0},
    }
    place.write("wrangler.jsonc", json.dumps(config))
    place.write("src/entry.py", OF_ALL_KINDS)
    running = dev("--port", "0")
    running.wait_for("Ready on")
    place.run("workflows", "trigger", "nap", "--id", "a")
    running.wait_for("nap a: sleep 'nap-1'")
    command = running.process.pid
    [host] = [int(pid) for pid in Path(f"/proc/{command}/task/{command}/children").read_text().split()]

    def reload(number):
        if changed == "code":
            place.write("src/entry.py", OF_ALL_KINDS.replace("CODE = 0", f"CODE = {number}"))
        else:
            place.write("wrangler.jsonc", json.dumps({**config, "vars": {"SETTING": number}}))
        answer = f"{number} 0" if changed == "code" else f"0 {number}"
        until(lambda: get(running.url) == (200, answer), "the change is not served")

    def in_use():
        return [len(list(Path(f"/proc/{pid}/{what}").iterdir())) for pid in (command, host) for what in ("task", "fd")]

    for number in range(1, 3):
        reload(number)
    before = in_use()
    for number in range(3, 13):
        reload(number)

    until(lambda: all(now <= then for now, then in zip(in_use(), before, strict=True)), f"{before} has become more")
