"""docs/agents.md, docs/mcp.md and the framework of docs/handlers.md, with the packages that they need."""

from __future__ import annotations

import json
import re
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import anyio
import pytest
from documents import block, words
from mcp_sessions import FLOW, Session, connect_http, connect_stdio
from places import Place
from syncing import PATIENCE_S, sync

if TYPE_CHECKING:
    from collections.abc import Iterator

    from documents import Block

pytestmark = pytest.mark.timeout(2 * PATIENCE_S)
ANSWER = {
    "id": "1",
    "object": "chat.completion",
    "created": 1,
    "model": "gpt-5",
    "choices": [
        {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "It is on its way."}}
    ],
    "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
}
AGENT = """
from datetime import timedelta
from pydantic_ai import Agent, Tool
from workers_pydantic_ai import ApproveByEvent, WorkflowsDurability

def search(what: str) -> str: ...
def parse(what: str) -> str: ...
def pay(total: float) -> str: ...

"""


@pytest.fixture
def place(tmp_path) -> Iterator[Place]:
    place = Place(tmp_path)
    yield place
    place.dispose()


@pytest.fixture
def model() -> Iterator[str]:
    """The address of a server that answers each request to a model in the same way."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            body = json.dumps(ANSWER).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    server.server_close()


def test_the_first_agent_answers(place: Place, model: str) -> None:
    """As the page has it: saved, its packages installed, run; only the model is at another address."""
    address = f"env.OPENAI_API_KEY, base_url={model!r}"
    place.write("support.py", block("agents.md", "class Support").text.replace("env.OPENAI_API_KEY", address))
    place.write("wrangler.jsonc", block("agents.md", '"class_name": "Support"').text)
    place.write(".dev.vars", block("agents.md", "OPENAI_API_KEY=sk-...").text)
    install, run = block("agents.md", "stepwell sync support.py").commands

    installed = place.run(*words(install))
    done = place.run(*words(run), "-q")

    assert installed.code == 0, installed.err
    assert done.code == 0, done.err
    assert done.json == "It is on its way."


AGENTS = [block("agents.md", 'metadata={"workflows": False}'), block("agents.md", "requires_approval=True")]


@pytest.mark.parametrize("made", AGENTS, ids=str)
def test_agents_are_made(made: Block, monkeypatch: pytest.MonkeyPatch) -> None:
    """The options of tools and capabilities exist."""
    monkeypatch.setenv("OPENAI_API_KEY", "any")
    names: dict[str, Any] = {}

    exec(compile(AGENT + made.text, "agents.md", "exec"), names)

    assert names["agent"].name in {"support", "shopper"}


async def names_of_tools(session: Session) -> list[str]:
    return [tool.name for tool in (await session.client.list_tools()).tools]


def test_tools_over_stdio(place: Place) -> None:
    """docs/mcp.md: the command, which is also that of a client's configuration, serves the workflows of the file."""
    place.write("flow.py", FLOW)
    _, command = block("mcp.md", "pip install").commands
    configured = json.loads(block("mcp.md", '"args": ["mcp"').text)["mcpServers"]["orders"]

    async def tools() -> list[str]:
        async with connect_stdio(place) as session:
            return await names_of_tools(session)

    assert words(command) == ["mcp", "flow.py"] == [each.rpartition("/")[2] for each in configured["args"]]
    assert "buy" in " ".join(anyio.run(tools)).lower()


def test_tools_over_http(place: Place) -> None:
    """docs/mcp.md: a token, a server, and a client with the address and the header of the configuration."""
    place.write("flow.py", FLOW)
    create, serve = block("mcp.md", "tokens create agent").commands
    configured = json.loads(block("mcp.md", '"headers"').text)["mcpServers"]["orders"]
    token = re.search(r"stepwell_[\w-]+", place.run(*words(create)).out)[0]
    said = place.start(*words(serve.replace("8790", "0")), "--require-token").read_until(" over MCP at ")
    url = said.rsplit(" ", 1)[1].strip()

    async def tools() -> list[str]:
        async with connect_http(url, token) as session:
            return await names_of_tools(session)

    assert configured["headers"] == {"Authorization": "Bearer stepwell_…"}
    assert urlsplit(configured["url"]).path == urlsplit(url).path
    assert "buy" in " ".join(anyio.run(tools)).lower()


def test_fastapi(place: Place) -> None:
    """docs/handlers.md: the application answers."""
    place.write("pyproject.toml", '[project]\nname = "app"\nversion = "1"\ndependencies = ["fastapi"]\n')
    place.write("wrangler.json", '{"name": "app", "main": "entry.py"}')
    place.write("entry.py", block("handlers.md", "from fastapi import FastAPI").text)
    sync(place, ".")
    line = next(line for line in place.start("dev", "--port", "0").out if "Ready on " in line)
    url = re.search(r"Ready on (\S+)", line)[1]

    with urllib.request.urlopen(f"{url.rstrip('/')}/openapi.json", timeout=PATIENCE_S) as answer:
        assert json.load(answer)["info"]["title"] == "FastAPI"
