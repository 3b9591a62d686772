"""Commands that make, run and look at projects, as the README and the pages have them."""

import json
import re
import shlex
import sys
import threading
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from documents import block, words
from places import PATIENCE, Place, Terminal, until

GREETING = """
    from workers import WorkflowEntrypoint


    class GreetingWorkflow(WorkflowEntrypoint):
        async def run(self, event, step):
            await step.wait_for_event("approval", "approval")
            await step.sleep("rest", "1 day")
            return event["payload"].get("name", "world")
"""
PROJECT = {"name": "app", "main": "flow.py", "compatibility_date": "2026-09-08"}


@pytest.fixture
def place(tmp_path):
    place = Place(tmp_path)
    yield place
    place.dispose()


def ready(running):
    """The address that `stepwell dev` says."""
    return re.search(r"Ready on (\S+)", next(line for line in running.out if "Ready on " in line))[1]


def test_the_readme_makes_and_serves_a_project(place):
    make, serve = block("README.md", "stepwell init shop").commands
    make, enter = make.split(" && ")
    assert 0 == place.run(*words(make)).code
    inside = Place(place.folder / enter.removeprefix("cd "))
    try:
        assert ready(inside.start(*words(serve), "--port", "0"))
    finally:
        inside.dispose()


def test_the_readme_runs_a_workflow(place):
    place.write("flow.py", block("README.md", "class GreetingWorkflow").text)
    [command] = block("README.md", "--id ada").commands

    done = place.run(*words(command))

    assert (0, "Hello, Ada!") == (done.code, done.json), done.err


def test_the_readme_looks_at_an_instance_and_acts_on_it(place):
    """Each command of the list, from the start of an instance to its deletion."""
    workflow = {"binding": "GREETING", "name": "GreetingWorkflow", "class_name": "GreetingWorkflow"}
    place.write("flow.py", GREETING)
    place.write("wrangler.json", json.dumps({**PROJECT, "workflows": [workflow]}))
    listing, describe, send, act, watch, logs, top, backup, doctor = block("README.md", "logs ada --follow").commands
    place.start("serve", ".").read_until("Serving")
    assert 0 == place.run("workflows", "trigger", "GreetingWorkflow", "--id", "ada").code

    def status():
        return place.run(*words(describe), "--json").json["status"]

    def done(command):
        found = place.run(*words(command))
        assert 0 == found.code, (command, found.err)
        return found.out

    [choice] = [word for word in act.split() if "|" in word]
    commands = {name: act.replace(choice, name) for name in choice.split("|")}
    until(lambda: "waiting" == status(), "the instance does not wait")
    assert "ada" in done(listing)
    watching, following = place.start(*words(watch)), place.start(*words(logs))
    done(send)
    done(commands.pop("pause"))
    until(lambda: "paused" == status(), "the instance is not paused")
    done(commands.pop("resume"))
    skip = commands.pop("skip-sleep")
    until(lambda: 0 == place.run(*words(skip)).code, "the instance does not sleep")
    assert [0, 0] == [watching.wait().code, following.wait().code]
    for name in ("restart", "terminate", "delete"):
        done(commands.pop(name))
    assert {} == commands
    terminal = Terminal([sys.executable, "-m", *shlex.split(top)], place)
    terminal.read_until("stepwell top")
    terminal.press("q")
    terminal.read_to_end()
    done(backup)
    assert (place.folder / "copy.sqlite").is_file()
    done(doctor)


def test_the_readme_has_a_schedule(place):
    found = block("README.md", '"schedules"')
    place.write("flow.py", GREETING.replace("GreetingWorkflow", "ReportWorkflow"))
    place.write("wrangler.jsonc", f'{{ "name": "app", "main": "flow.py",\n{found.text}}}')
    place.start("serve", ".").read_until("Serving")

    shown = place.run("workflows", "describe", "report").out

    assert json.loads(re.search(r'\["0 7.*?\]', found.text)[0])[0] in shown


def test_the_playground_is_served(place):
    """README: the command says where the page is."""
    [command] = block("README.md", "stepwell playground").commands
    running = place.start(*words(command), "--port", "0")

    with urllib.request.urlopen(re.search(r"http://\S+", running.out.readline())[0], timeout=PATIENCE) as answer:
        assert b"<title>" in answer.read()


def test_the_playground_has_the_headers_that_a_server_should_send(place):
    """docs/playground.md: what lets pages share memory."""
    headers = block("playground.md", "Cross-Origin-Opener-Policy: same-origin").text.splitlines()
    [command] = block("README.md", "stepwell playground").commands
    running = place.start(*words(command), "--port", "0")

    with urllib.request.urlopen(re.search(r"http://\S+", running.out.readline())[0], timeout=PATIENCE) as answer:
        assert headers == [f"{name}: {answer.headers[name]}" for name in (line.partition(":")[0] for line in headers)]


def test_the_first_workflow_of_the_reference_runs(place):
    """docs/writing-workflows.md: it gives its receipt."""
    place.write("order.py", block("writing-workflows.md", "class OrderWorkflow(WorkflowEntrypoint)").text)

    assert {"receipt": 7} == place.run("run", "order.py", "--params", '{"id": 7}', "-q").json


def test_a_server_behind_a_proxy(place):
    """docs/rest.md: the path of the public address is the base path, and a token is required."""
    place.write("flow.py", GREETING)
    place.write("wrangler.json", json.dumps(PROJECT))
    [command] = block("rest.md", "--public-url https://example.com/flows").commands
    said = place.start(*words(re.sub(r"--port \d+", "--port 0", command))).read_until("Ready on ")
    port = re.search(r"127\.0\.0\.1:(\d+)", said)[1]

    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/flows/client/v4/accounts/any/workflows", timeout=PATIENCE)

    with refused.value as answer:
        assert 401 == answer.code


class Collector(HTTPServer):
    """Takes what is sent over OTLP, and keeps to which paths."""

    def __init__(self):
        paths = self.paths = set()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                self.rfile.read(int(self.headers["content-length"]))
                paths.add(self.path)
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()


def test_traces_are_sent_to_where_the_variable_says(place):
    """docs/monitoring.md: the address of a receiver, and a server."""
    place.run("init", ".")
    export, serve = block("monitoring.md", "export OTEL_EXPORTER_OTLP_ENDPOINT").commands
    name, _, address = export.removeprefix("export ").partition("=")
    collector = Collector()
    place.environment[name] = address.replace("4318", str(collector.server_port))
    try:
        place.start(*words(serve)).read_until("Serving")
        assert 0 == place.run("workflows", "trigger", "greetings", "--param", "name=Ada").code
        until(lambda: "/v1/traces" in collector.paths, "no trace is sent")
    finally:
        collector.shutdown()
        collector.server_close()


def test_migrating_begins_with_dev(place):
    """docs/migrating.md: the project is served as it is."""
    place.run("init", ".")
    [command] = block("migrating.md", "stepwell dev").commands

    assert ready(place.start(*words(command), "--port", "0"))


@pytest.mark.parametrize("line", [0, 1])
def test_errors_of_a_configuration(place, line):
    """docs/projects.md: an error names the file, the line and the key."""
    said = block("projects.md", "unknown key compatability_date").text.splitlines()[line]
    place.write("entry.py", GREETING)
    texts = {
        0: '{\n"name": "a",\n"main": "entry.py",\n\n\n"workflows": [{\n"name": 5 }]\n}',
        1: '{\n"name": "a", "main": "entry.py",\n"compatability_date": "2026-09-08"\n}',
    }
    place.write("wrangler.jsonc", texts[line])

    if line == 1:
        place.start("serve", ".").read_until(said)
    else:
        assert said in place.run("serve", ".").err


def test_lines_of_dev(place):
    """docs/projects.md: the lines of a request and of its instance, but for times and ids."""
    place.run("init", ".")
    found = block("projects.md", "GET /start/Ada")
    [command] = found.commands
    running = place.start(*words(command), "--port", "0")
    url = ready(running)
    with urllib.request.urlopen(f"{url}/start/Ada", timeout=PATIENCE) as answer:
        assert 200 == answer.status
    seen = []
    for line in running.out:
        seen.append(
            re.sub(
                r"\(\d+ ms\)", "(12 ms)", re.sub(r"greetings [0-9a-f]{4}[0-9a-f-]*", "greetings 5f0c…", line)
            ).strip()
        )
        if "done" in line:
            break

    assert [line for line in found.printed[1:] if not any(line in each for each in seen)] == []
