"""`stepwell dev`, as a process."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from places import PATIENCE, Terminal, until

from stepwell.source_watcher import QUIET_S

FLOW = """
    from workers import WorkflowEntrypoint


    class Nap(WorkflowEntrypoint):
        async def run(self, event, step):
            @step.do("first")
            async def first():
                print("token is", self.env.TOKEN)
                return 1

            await first()
            await step.sleep("nap", "1 hour")

            @step.do("last")
            async def last():
                return "one"

            return await last()
"""


class Dev:
    """A development server that runs, and what it has printed."""

    def __init__(self, place, *arguments):
        self._lines = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "stepwell", "dev", *arguments],
            cwd=place.folder,
            env=place.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        self._lines.extend(iter(self.process.stdout.readline, ""))

    @property
    def text(self):
        return "".join(self._lines)

    def wait_for(self, words, count=1):
        """Wait until *words* have been printed *count* times."""
        deadline = time.monotonic() + PATIENCE
        while self.text.count(words) < count:
            if time.monotonic() > deadline or (self.process.poll() is not None and not self._reader.is_alive()):
                pytest.fail(f"{words!r} is not printed: {self.text}")
            time.sleep(0.01)
        return self.text

    @property
    def url(self):
        return re.search(r"Ready on (\S+)", self.wait_for("Ready on "))[1]

    def dispose(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        self.process.stdout.close()


@pytest.fixture
def dev(place):
    started = []

    def start(*arguments):
        started.append(Dev(place, *arguments))
        return started[-1]

    yield start
    for each in started:
        each.dispose()


@pytest.fixture
def project(place):
    place.write("src/entry.py", FLOW)
    place.write(".dev.vars", "TOKEN=swordfish-and-chips\n")
    config = {
        "name": "app",
        "main": "src/entry.py",
        "compatibility_date": "2026-09-08",
        "workflows": [{"binding": "NAP", "name": "nap", "class_name": "Nap"}],
    }
    place.write("wrangler.jsonc", json.dumps(config))
    return place.folder / "src" / "entry.py"


def edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_ready_line(dev, project):
    """Programs find the line that wrangler prints, and the REST API is there."""
    running = dev("--port", "0")

    assert "[wrangler:info] Ready on http://localhost:" in running.wait_for("Ready on")
    with urllib.request.urlopen(f"{running.url}/cdn-cgi/local/explorer/api/workflows") as response:
        assert ["nap"] == [each["name"] for each in json.load(response)["result"]]


def test_instances_and_prints(dev, project, place):
    """Instances, steps and prints are lines; secrets are masked in them."""
    running = dev("--port", "0")
    running.wait_for("Ready on")

    place.run("workflows", "trigger", "nap", "--id", "a")
    text = running.wait_for("nap a: sleep 'nap-1'")

    assert "nap a: started" in text
    assert "nap a first-1: token is [TOKEN]" in text
    assert "nap a: step 'first-1' done" in text
    assert "Secrets are read from .dev.vars." in text
    assert "swordfish" not in text


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


class HeldServer:
    """Answers requests of /runs once it is released, and all others at once. Counts them by path."""

    def __init__(self):
        released = self.released = threading.Event()
        requests = self.requests = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                requests.append(self.path)
                if self.path == "/runs":
                    released.wait(PATIENCE)
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"answered")

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self):
        self.released.set()
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def held():
    server = HeldServer()
    yield server
    server.close()


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


def test_taken_port(dev, project):
    """A taken port: the next free one, and it says so."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        running = dev("--port", str(port))

        assert f"Port {port} is taken; " in running.wait_for("Ready on")


def test_two_projects_of_one_state(dev, project, place):
    """A second project on the same state runs in the first's process; one of the same name is refused."""
    first = dev("--port", "0")
    first.wait_for("Ready on")
    place.write("other/flow.py", FLOW.replace("Nap", "Other"))
    place.write("other/wrangler.toml", 'name = "other"\nmain = "flow.py"\n')
    place.write("same/flow.py", FLOW.replace("Nap", "Third"))
    place.write("same/wrangler.toml", 'name = "app"\nmain = "flow.py"\n')

    second = dev("other", "--port", "0")
    third = dev("same", "--port", "0")

    assert "owns the state, and runs this project." in second.wait_for("Ready on")
    assert first.url != second.url
    assert "Worker 'app' of this state is served from" in third.wait_for("is served from")
    assert 2 == third.process.wait(PATIENCE)


def test_parent_killed(dev, project):
    """When the command is killed, its host ends."""
    running = dev("--port", "0")
    running.wait_for("Ready on")
    children = Path(f"/proc/{running.process.pid}/task/{running.process.pid}/children").read_text().split()
    host = [int(pid) for pid in children]

    running.process.kill()

    until(lambda: not any(_runs(pid) for pid in host), "the host still runs")


def _runs(pid):
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False


def test_keys(project, place):
    """Single keys reload, skip a sleep, and quit with exit code 0."""
    terminal = Terminal([sys.executable, "-m", "stepwell", "dev", "--port", "0"], place)
    terminal.read_until("x: quit")
    place.run("workflows", "trigger", "nap", "--id", "a")
    terminal.read_until("nap a: sleep 'nap-1'")

    terminal.press("n")
    terminal.read_until("nap a: complete")
    terminal.press("n")
    terminal.read_until("No instance sleeps.")
    terminal.press("r")
    terminal.read_until("Reloaded.")
    terminal.press("x")

    terminal.read_to_end()


def test_keys_of_handlers(place, worker):
    """Single keys fire the scheduled handler, open the browser and clear the screen."""
    for name in ("xdg-open", "open"):
        place.write(f"programs/{name}", '#!/bin/sh\necho "opens $1"\n').chmod(0o755)
    place.environment["PATH"] = f"{place.folder / 'programs'}:{place.environment['PATH']}"
    terminal = Terminal([sys.executable, "-m", "stepwell", "dev", "--port", "0"], place)
    terminal.read_until("x: quit")

    terminal.press("s")
    terminal.read_until("cron 0 0 1 1 *")
    terminal.press("b")
    terminal.read_until("opens http://localhost:")
    terminal.press("c")
    terminal.read_until("\x1b[H\x1b[2J")
    terminal.read_until("x: quit")
    terminal.press("x")

    terminal.read_to_end()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nowhere",), "TARGET 'nowhere' does not exist."),
        (("-c", "nowhere.jsonc"), "--config 'nowhere.jsonc' is not a file."),
        ((".", "-c", "wrangler.jsonc"), "TARGET and --config are both given; give one of them."),
        (
            ("-c", "wrangler.jsonc", "-c", "wrangler.jsonc"),
            "wrangler.jsonc and wrangler.jsonc have the Worker name 'app'.",
        ),
    ],
)
def test_mistakes(place, project, arguments, message):
    """What cannot be run is refused with a sentence."""
    done = place.run("dev", *arguments)

    assert 2 == done.code
    assert message in done.err


# Handlers -------------------------------------------------------------------------------------------------------------

WORKER = """
    from workers import Response, WorkerEntrypoint


    class Default(WorkerEntrypoint):
        async def fetch(self, request):
            print("asked with", self.env.TOKEN)
            if request.url.endswith("/raise"):
                raise ValueError("no such thing")
            return Response("one")

        async def scheduled(self, controller):
            print("cron", controller.cron)
"""


@pytest.fixture
def worker(place):
    place.write("src/entry.py", WORKER)
    place.write(".dev.vars", "TOKEN=swordfish-and-chips\n")
    config = {"name": "web", "main": "src/entry.py", "compatibility_date": "2026-09-08"}
    place.write("wrangler.jsonc", json.dumps({**config, "triggers": {"crons": ["0 0 1 1 *"]}}))
    return place.folder / "src" / "entry.py"


def get(url, accept="*/*"):
    """Status and text of an answer."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers={"accept": accept})) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_fetch_handler(dev, worker):
    """Requests go to the handler; a line each says so, and secrets are masked in prints."""
    running = dev("--port", "0")

    assert (200, "one") == get(f"{running.url}/a?b=1")

    text = running.wait_for("GET /a?b=1 200 (")
    assert "asked with [TOKEN]" in text
    assert "swordfish" not in text


def test_handler_that_raises(dev, worker):
    """A handler that raises gives a page with the user's traceback, which is logged too."""
    running = dev("--port", "0")

    status, page = get(f"{running.url}/raise", "text/html")

    assert 500 == status
    assert "entry.py&quot;, line " in page
    assert "ValueError: no such thing" in page
    text = running.wait_for("ValueError: no such thing")
    assert 'entry.py", line ' in text


def test_edit_is_served(dev, worker):
    """A saved change of a handler is served, without an answer that fails meanwhile."""
    running = dev("--port", "0")
    assert (200, "one") == get(running.url)

    edit(worker, 'Response("one")', 'Response("two")')
    answers = []
    until(lambda: answers.append(get(running.url)) or answers[-1] == (200, "two"), "the change is not served")

    assert {(200, "one"), (200, "two")} >= set(answers)


def test_cron_on_demand(dev, worker):
    """Wrangler's paths fire the scheduled handler."""
    running = dev("--port", "0")

    assert (200, "ok") == get(f"{running.url}/cdn-cgi/handler/scheduled?cron=*+*+*+*+*")

    running.wait_for("cron * * * * *")


def test_several_workers(dev, place):
    """The first Worker answers; the others are there for its service bindings."""
    front = """
        from workers import Response, WorkerEntrypoint


        class Default(WorkerEntrypoint):
            async def fetch(self, request):
                return Response(f"front of {await self.env.BACK.name()}")
    """
    back = """
        from workers import WorkerEntrypoint


        class Default(WorkerEntrypoint):
            async def name(self):
                return "back"
    """
    place.write("front/entry.py", front)
    place.write("back/entry.py", back)
    services = [{"binding": "BACK", "service": "back"}]
    place.write("front/wrangler.jsonc", json.dumps({"name": "front", "main": "entry.py", "services": services}))
    place.write("back/wrangler.toml", 'name = "back"\nmain = "entry.py"\n')

    running = dev("-c", "front/wrangler.jsonc", "-c", "back/wrangler.toml", "--port", "0")

    assert (200, "front of back") == get(running.url)


def test_refused_binding(dev, place):
    """A binding that is missing here is said at the start, and refused at its use; the rest runs."""
    code = """
        from workers import Response, WorkerEntrypoint


        class Default(WorkerEntrypoint):
            async def fetch(self, request):
                if request.url.endswith("/mail"):
                    await self.env.MAIL.send("x")
                return Response("fine")
    """
    place.write("entry.py", code)
    place.write("wrangler.toml", 'name = "w"\nmain = "entry.py"\n[[send_email]]\nname = "MAIL"\n')
    running = dev("--port", "0")

    assert (200, "fine") == get(running.url)
    status, text = get(f"{running.url}/mail")

    assert 500 == status
    assert "env.MAIL cannot be used: Stepwell has no email binding (send_email[0])." in text
    assert "wrangler.toml:3: env.MAIL is refused at its first use" in running.text


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


@pytest.mark.parametrize("runtime", ["cpython", "wasmtime"])
def test_runtime_without_handlers(dev, project, place, runtime):
    """Where a runtime has no handlers, the start and each request say so, and workflows run."""
    project.write_text(textwrap.dedent(FLOW) + textwrap.dedent(WORKER))
    running = dev("--port", "0", "--runtime", runtime)
    refusal = f"Handlers do not run in runtime {runtime}. Use runtime pyodide."

    status, text = get(running.url)

    assert (500, True) == (status, refusal in text), text
    running.wait_for(f"Worker 'app': {refusal}")
    place.run("workflows", "trigger", "nap", "--id", "a")
    running.wait_for("nap a: sleep 'nap-1'")


def test_handlers_alone_in_another_runtime(place, worker):
    """A Worker of which nothing would run is refused."""
    done = place.run("dev", "--port", "0", "--runtime", "cpython")

    assert 0 != done.code
    assert "has handlers and no workflow. Handlers do not run in runtime cpython. Use runtime pyodide." in done.err


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
