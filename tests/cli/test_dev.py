"""`stepwell dev`, as a process: its start, its lines, and the handlers that it serves."""

import json
import socket
import textwrap
import urllib.request
from pathlib import Path

import pytest
from dev_server import FLOW, WORKER, get, write_nap, write_web
from places import PATIENCE, until


@pytest.fixture
def project(place):
    return write_nap(place)


@pytest.fixture
def worker(place):
    return write_web(place)


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


def test_workflow_that_is_served(dev, project, place):
    """Other code cannot take over a workflow that a project serves: its next instances would run that code."""
    running = dev("--port", "0")
    running.wait_for("Ready on")
    place.write("other/flow.py", FLOW)
    workflow = '[[workflows]]\nbinding = "NAP"\nname = "nap"\nclass_name = "Nap"\n'
    place.write("other/wrangler.toml", f'name = "other"\nmain = "flow.py"\n{workflow}')

    refused = place.run("run", "other")

    assert 2 == refused.code
    assert "Workflow 'nap' of this state is served from" in refused.err


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
