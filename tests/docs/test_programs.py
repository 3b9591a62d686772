"""Programs of the pages: each runs as it stands, in the least that it needs around it."""

import json
import re
import subprocess
import textwrap
import urllib.request

import pytest
from documents import block
from places import PATIENCE, Place

from stepwell.node import find_node

PROGRESS = """
    from workers import WorkflowEntrypoint


    class Model:
        async def stream(self, question):
            for token in question.split():
                yield token


    model = Model()


    class Flow(WorkflowEntrypoint):
        async def run(self, event, step):
            question = "what is new"

            {block}

            {after}
"""
PROGRESS_JS = """
    import {{ WorkflowEntrypoint }} from "cloudflare:workers";

    const model = {{
      async *stream(question) {{
        yield* question.split(" ");
      }},
    }};

    export class Flow extends WorkflowEntrypoint {{
      async run(event, step) {{
        const question = "what is new";
        {block}
      }}
    }}
"""
REPLAY = """
    import asyncio

    from workers import WorkflowEntrypoint


    class Flow(WorkflowEntrypoint):
        async def run(self, event, step):
            late = False

            @step.do("quote")
            async def quote():
                await asyncio.sleep(event["payload"])

            {block}
            return late
"""
HANDLER = """
    from workers import Response, WorkerEntrypoint


    class Default(WorkerEntrypoint):
        async def fetch(self, request):
            {block}
            return Response(value)
"""
STORE = """
    from workers import WorkerEntrypoint


    class Default(WorkerEntrypoint):
        async def get(self, key):
            return f"value of {key}"
"""
TALK = """
    const socket = new WebSocket(process.argv[1].replace("http", "ws"));
    socket.onopen = () => socket.send("hello");
    socket.onmessage = ({ data }) => {
      console.log(data);
      socket.close();
    };
"""


@pytest.fixture
def place(tmp_path):
    place = Place(tmp_path)
    yield place
    place.dispose()


def around(frame, **parts):
    """*frame* with these texts in it, as far to the right as their names are."""
    frame = textwrap.dedent(frame)
    indents = {
        name: " " * (len(line) - len(line.lstrip()))
        for line in frame.splitlines()
        for name in parts
        if line.strip() == f"{{{name}}}"
    }
    return frame.format(**{name: textwrap.indent(text, indents[name]).strip() for name, text in parts.items()})


def ready(said):
    """The address that a server says."""
    return re.search(r"Ready on (\S+)", said)[1]


def subscribed(place, file):
    """The items that a step of *file* reports."""
    place.write("wrangler.json", json.dumps({"name": "flow", "main": file}))
    url = ready(place.start("serve", file, "--port", "0").read_until("Ready on "))
    assert 0 == place.run("workflows", "trigger", "Flow", "--id", "a").code
    path = f"{url}/client/v4/accounts/any/workflows/Flow/instances/a/subscribe?progress=0"
    asked = urllib.request.Request(path, headers={"Accept": "application/x-ndjson"})
    with urllib.request.urlopen(asked, timeout=PATIENCE) as stream:
        events = [json.loads(line) for line in stream if line.strip()]
    return [event["progress"] for event in events if event["type"] == "step_progress"], events[-1]


def test_progress(place):
    """docs/progress.md: the items come in order, and the result is the whole."""
    text = around(PROGRESS, block=block("progress.md", "async def answer").text, after="return await answer()")
    place.write("flow.py", text)

    items, last = subscribed(place, "flow.py")

    assert (["what", "is", "new"], "workflow_completed") == (items, last["type"])


def test_progress_elsewhere(place):
    """docs/progress.md: code that also runs where a step cannot report."""
    report = textwrap.indent(block("progress.md", "getattr(ctx").text, "    ")
    step = f'@step.do("answer")\nasync def answer(ctx):\n    token = "what"\n{report}'
    place.write("flow.py", around(PROGRESS, block=step, after="return await answer()"))

    items, _ = subscribed(place, "flow.py")

    assert ["what"] == items


def test_progress_in_javascript(place):
    """docs/progress.md: the same in JavaScript."""
    place.write("flow.mjs", around(PROGRESS_JS, block=block("progress.md", "reportProgress").text))

    items, last = subscribed(place, "flow.mjs")

    assert (["what", "is", "new"], "workflow_completed") == (items, last["type"])


def test_payload(place):
    """docs/payloads.md: the payload is an object of the class, and one that does not fit is refused in these words."""
    place.write("order.py", block("payloads.md", "class Order:").text.replace("...", "return order.articles"))

    fits = place.run("run", "order.py", "--params", '{"articles": ["a", "b"]}', "-q")
    refused = place.run("run", "order.py", "--params", '{"articles": ["a", 5]}', "-q")

    assert (0, ["a", "b"]) == (fits.code, fits.json)
    assert 2 == refused.code
    said = "Workflow 'OrderWorkflow' does not take this payload. payload.articles[1]: expected string, received number."
    assert said in refused.err
    assert said in block("payloads.md", "class Order:").document.read_text(encoding="utf-8").replace("\n  ", " ")


@pytest.mark.parametrize(("seconds", "late"), [(0, False), (5, True)])
def test_timer_in_run(place, seconds, late):
    """docs/replay.md: the timer wins where the step takes longer."""
    place.write("flow.py", around(REPLAY, block=block("replay.md", "asyncio.shield").text))

    assert late is place.run("run", "flow.py", "--params", str(seconds), "-q").json


def served(place, *arguments):
    """The address of a development server."""
    out = place.start("dev", "--port", "0", *arguments).out
    return ready(next(line for line in out if "Ready on " in line))


def test_synchronous_handler(place):
    """docs/handlers.md: `run_sync` waits for a call of a binding."""
    lines = block("handlers.md", "run_sync(").text.splitlines()
    place.write("front/entry.py", f"{lines[0]}\n{around(HANDLER, block=lines[-1])}")
    place.write("back/entry.py", STORE)
    front = {"name": "front", "main": "entry.py", "services": [{"binding": "KV", "service": "back"}]}
    place.write("front/wrangler.json", json.dumps(front))
    place.write("back/wrangler.json", json.dumps({"name": "back", "main": "entry.py"}))
    url = served(place, "-c", "front/wrangler.json", "-c", "back/wrangler.json")

    with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
        assert b"value of key" == answer.read()


def test_web_socket(place):
    """docs/handlers.md: a socket gives back what it is sent."""
    place.write("entry.py", block("handlers.md", "WebSocketPair.new()").text)
    place.write("wrangler.json", json.dumps({"name": "echo", "main": "entry.py"}))
    url = served(place)

    talk = [str(find_node().path), "-e", TALK, url]
    assert "hello\n" == subprocess.run(talk, capture_output=True, text=True, timeout=PATIENCE, check=True).stdout
