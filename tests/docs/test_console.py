"""Commands of the pages: each runs as it stands, but for ports, ids and secrets that chance has chosen."""

import json
import re
import shlex
import shutil
import subprocess
import sys
import urllib.request

import pytest
from documents import block, words
from places import PATIENCE, Place, Terminal, until

ORDER = """
    from workers import WorkflowEntrypoint


    class OrderWorkflow(WorkflowEntrypoint):
        async def run(self, event, step):
            @step.do("charge card")
            async def charge():
                return {"amount": event["payload"]["amount"]}

            return await charge()
"""
ORDER_TS = """
    import { WorkflowEntrypoint, WorkflowEvent, WorkflowStep } from "cloudflare:workers";

    export class OrderWorkflow extends WorkflowEntrypoint {
      async run(event: WorkflowEvent<{ amount: number }>, step: WorkflowStep) {
        return await step.do("charge card", async () => event.payload.amount);
      }
    }
"""
GREET = """
    from workers import Response, WorkerEntrypoint, WorkflowEntrypoint


    class Greet(WorkflowEntrypoint):
        async def run(self, event, step):
            @step.do("greet")
            async def greet():
                print("hello", event["payload"]["name"])

            await greet()
            await step.sleep("pause", "1 day")


    class Default(WorkerEntrypoint):
        async def fetch(self, request):
            return Response("welcome")
"""
GREET_CONFIGURATION = {
    "name": "app",
    "main": "greet.py",
    "compatibility_date": "2026-09-08",
    "workflows": [{"binding": "GREET", "name": "greet", "class_name": "Greet"}],
}


WITH_CURL = pytest.mark.skipif(shutil.which("curl") is None, reason="the command curl is missing")


@pytest.fixture
def place(tmp_path):
    place = Place(tmp_path)
    yield place
    place.dispose()


@pytest.fixture
def greet(place):
    """A project whose workflow `greet` sleeps for a day."""
    place.write("greet.py", GREET)
    place.write("wrangler.json", json.dumps(GREET_CONFIGURATION))
    return place


def served(place, command):
    """The address at which *command* serves, at a free port."""
    said = place.start(*re.sub(r"--port \d+", "--port 0", " ".join(words(command))).split()).read_until("Ready on ")
    return re.search(r"Ready on (\S+)", said)[1], said


def trigger(place, *options):
    assert 0 == place.run("workflows", "trigger", "greet", "--param", "name=Ada", *options).code


def get(url):
    with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
        return answer.read().decode()


def test_run_files(place):
    """docs/run-files.md: exported, looked at, replayed, forked with and without a result, compared."""
    place.write("order.py", ORDER)
    for name, amount in (("first", 3), ("second", 4)):
        done = place.run("run", "order.py", "--params", json.dumps({"amount": amount}), "--id", name, "-q")
        assert 0 == done.code, done.err
    place.run("runs", "export", "second", "other.run.sqlite")
    export, look, replay, replay_code, fork, fork_with_result, compare = block("run-files.md", "runs export").commands

    def run(command, *more):
        return place.run(*words(command.replace(" ID ", " first ")), *more)

    assert 0 == run(export).code
    assert "charge card" in run(look).out
    assert 0 == run(replay, "--trusted").code
    assert 0 == run(replay_code).code
    assert {"amount": 3} == run(fork, "--trusted", "-q").json
    assert {"amount": 5} == run(fork_with_result, "--trusted", "-q").json
    different = run(compare)
    assert (1, True) == (different.code, "charge card" in different.out)


def test_graphs(place):
    """docs/graphs.md: a tree, a picture, a block for Markdown, and the graph of a folder's workflow."""
    place.write("order.py", ORDER)
    place.write("order.ts", ORDER_TS)
    workflow = {"binding": "ORDER", "name": "order", "class_name": "OrderWorkflow"}
    place.write("wrangler.json", json.dumps({"name": "app", "main": "order.py", "workflows": [workflow]}))
    tree, svg, mermaid, folder = (place.run(*words(each)) for each in block("graphs.md", "--format svg").commands)

    assert [0, 0, 0, 0] == [each.code for each in (tree, svg, mermaid, folder)]
    assert "charge card" in tree.out
    assert (place.folder / "order.svg").read_text(encoding="utf-8").startswith("<svg")
    assert mermaid.out.startswith("flowchart")
    assert "charge card" in json.dumps(folder.json)


def test_backup(place):
    """docs/operations.md: a state is as it was when it was copied."""
    place.write("order.py", ORDER)
    backup, restore = block("operations.md", "state backup copy.sqlite").commands
    place.run("run", "order.py", "--params", '{"amount": 3}', "--id", "kept", "-q")

    assert 0 == place.run(*words(backup)).code
    place.run("run", "order.py", "--params", '{"amount": 3}', "--id", "later", "-q")
    restored = place.run(*words(restore))

    assert 0 == restored.code, restored.err
    listed = place.run("workflows", "instances", "list", "OrderWorkflow", "--json").json
    assert ["kept"] == [each["id"] for each in listed]


def test_new_project(place):
    """docs/projects.md: a project that has just been made is served."""
    make, enter, serve = block("projects.md", "stepwell init shop").commands
    assert 0 == place.run(*words(make)).code
    inside = Place(place.folder / enter.removeprefix("cd "))
    try:
        out = inside.start(*words(serve), "--port", "0").out
        url = re.search(r"Ready on (\S+)", next(line for line in out if "Ready on " in line))[1]
        assert get(url)
    finally:
        inside.dispose()


def test_several_workers(place):
    """docs/projects.md: the first Worker answers, with what the second one's binding gives."""
    front = {"name": "front", "main": "front.py", "services": [{"binding": "BACK", "service": "back"}]}
    place.write("front/wrangler.jsonc", json.dumps(front))
    place.write("back/wrangler.jsonc", json.dumps({"name": "back", "main": "back.py"}))
    program = """
        from workers import Response, WorkerEntrypoint


        class Default(WorkerEntrypoint):
            async def fetch(self, request):
                return {answer}
    """
    place.write("front/front.py", program.format(answer="await self.env.BACK.fetch(request)"))
    place.write("back/back.py", program.format(answer='Response("from the back")'))
    [command] = block("projects.md", "-c front/wrangler.jsonc").commands

    out = place.start(*words(command), "--port", "0").out
    url = re.search(r"Ready on (\S+)", next(line for line in out if "Ready on " in line))[1]

    assert "from the back" == get(url)


def test_lines_of_json(greet):
    """docs/projects.md: each line of a server's stdout is an object."""
    [command] = block("projects.md", "--log-format json").commands
    running = greet.start(*re.sub(r"--port \d+", "--port 0", " ".join(words(command))).split())
    seen = []
    url = None
    for line in running.out:
        seen.append(json.loads(line))
        if url is None and (found := re.search(r"Ready on (http\S+)", line)):
            url = found[1].rstrip('"')
            get(url)
        if seen[-1]["type"] == "request":
            break

    assert {"time", "type"} <= set.intersection(*(set(each) for each in seen))


@WITH_CURL
def test_query(greet):
    """docs/monitoring.md: spans are asked for with SQL."""
    url, _ = served(greet, "stepwell serve . --port 0")
    trigger(greet)
    until(lambda: "Waiting" in greet.run("workflows", "instances", "list", "greet").out, "the instance does not sleep")
    found = block("monitoring.md", "observability/query")
    command = "\n".join(found.commands).replace("http://127.0.0.1:8787", url)

    answer = json.loads(subprocess.run(["bash", "-c", f"{command} -s"], capture_output=True, check=True).stdout)

    shown = json.loads(found.printed[-1])
    assert shown.keys() == answer.keys()
    assert shown["result"]["columns"] == answer["result"]["columns"]
    assert "greet" == answer["result"]["rows"][0][0]


def is_said(greet, found):
    """Whether the server says what the block shows."""
    _, said = served(greet, found.commands[0])
    return found.printed == re.sub(r"127.0.0.1:\d+", "127.0.0.1:8787", said).splitlines()


def test_server(greet):
    """docs/rest.md: the server says where it is."""
    assert is_said(greet, block("rest.md", "Serving greet."))


def test_server_with_a_dashboard(greet):
    """docs/dashboard.md: the same."""
    assert is_said(greet, block("dashboard.md", "Serving greet."))


@WITH_CURL
def test_bodies(greet):
    """docs/rest.md: the server takes each request."""
    url, _ = served(greet, "stepwell serve . --port 0")
    address, *requests = block("rest.md", '"instance_id": "ada"').commands
    for request in requests:
        script = f"{address.replace('http://127.0.0.1:8787', url)}\n{request}"
        done = subprocess.run(["bash", "-c", script], capture_output=True, check=True, timeout=PATIENCE)
        assert json.loads(done.stdout)["success"], done.stdout


@WITH_CURL
def test_subscription(greet):
    """docs/rest.md: the stream of an instance begins with what is shown."""
    url, _ = served(greet, "stepwell serve . --port 0")
    trigger(greet, "--id", "latest-id")
    found = block("rest.md", "latest-id/subscribe")
    command = found.commands[0].replace("http://127.0.0.1:8787", url)
    with subprocess.Popen(["bash", "-c", f"exec {command}"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as curl:
        lines = [curl.stdout.readline().decode().rstrip("\n") for _ in found.printed]
        curl.kill()

    assert found.printed == [re.sub(r'("timestamp":)\d+', r"\g<1>1764491486663", line) for line in lines]


def test_tokens(greet):
    """docs/rest.md: a token is made, listed and revoked."""
    found = block("rest.md", "tokens create ci --scope write --expires")
    create, show, revoke = found.commands
    made = greet.run(*words(create))
    number = re.search(r"Token (\w+)", made.out + made.err)[1]

    said = re.sub(r"stepwell_[\w-]+", "stepwell_kJ3…", (made.err + made.out).replace(number, "3f9c2a71"))
    assert sorted(found.printed) == sorted(said.splitlines())
    assert number in greet.run(*words(show)).out
    assert 0 == greet.run(*words(revoke.replace("3f9c2a71", number))).code


def test_remote_commands(greet):
    """docs/rest.md: the commands of an instance on a server, from its start to its end."""
    export, trigger, list_all, list_ids, watch, logs, skip = block("rest.md", "STEPWELL_URL=https").commands
    secret = greet.run("tokens", "create", "ci", "--scope", "write").out.split()[-1]
    url, _ = served(greet, "stepwell serve . --port 0 --require-token")
    away = Place(greet.folder / "elsewhere")
    away.folder.mkdir()
    names = [each.partition("=")[0] for each in words(export.replace("export", "stepwell", 1))]
    away.environment |= dict(zip(names, (url, secret), strict=True))
    try:
        assert 0 == away.run(*words(trigger)).code
        watching, following = away.start(*words(watch)), away.start(*words(logs))
        assert 0 == away.run(*words(list_all)).code
        [line] = away.run(*words(list_ids.partition(" | ")[0])).out.splitlines()
        until(lambda: 0 == away.run(*words(skip)).code, "the instance does not sleep")

        assert 0 == watching.wait().code
        printed = following.wait()
        assert "hello Ada" in printed.out + printed.err
        shown = away.run("workflows", "instances", "describe", "greet", json.loads(line)["id"], "--json").json
        assert "complete" == shown["status"]
    finally:
        away.dispose()


def test_top(greet):
    """docs/monitoring.md: the columns of the table."""
    served(greet, "stepwell serve . --port 0")
    trigger(greet)
    found = block("monitoring.md", "$ stepwell top")
    greet.environment["COLUMNS"] = "80"
    terminal = Terminal([sys.executable, "-m", *shlex.split(found.commands[0])], greet)

    for word in ("stepwell top", *found.printed[1].split()):
        terminal.read_until(word)
    terminal.press("q")
    terminal.read_to_end()


def test_exported_playground(place):
    """docs/playground.md: the page and what it needs, in a folder."""
    export = next(each for each in block("playground.md", "--export").commands if "--export" in each)

    assert 0 == place.run(*words(export)).code
    assert (place.folder / "site/index.html").is_file()


def test_the_read_only_dashboard(place):
    """docs/dashboard.md: a state, another one, and a run file are looked at."""
    place.write("order.py", ORDER)
    for name in ("a", "b"):
        state = ("--state", "other.sqlite") if name == "b" else ()
        place.run("run", "order.py", "--params", '{"amount": 3}', "--id", name, "-q", *state)
    place.run("runs", "export", "a", "a.run.sqlite")
    found = block("dashboard.md", "$ stepwell ui ")
    for command in found.commands:
        line = place.start(*words(command), "--port", "0").out.readline()
        assert found.printed[0] == re.sub(r"127.0.0.1:\d+", "127.0.0.1:8791", line.rstrip("\n"))
        assert "<title>" in get(line.split()[1])
