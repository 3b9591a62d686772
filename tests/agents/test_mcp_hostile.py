"""`stepwell mcp` with messages that no client sends: each has an answer of JSON-RPC, and nothing ends the server."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from places import Place
from syncing import PATIENCE_S

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.timeout(4 * PATIENCE_S)
PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS = -32700, -32600, -32601, -32602
FLOW = r"""
    from workers import WorkflowEntrypoint

    class Odd(WorkflowEntrypoint):
        async def run(self, event, step):
            print("\x1b[2J\ud800")
            return {"text": "\x1b]0;title\x07 \ud800", "\udfff": 1}
"""


class Server:
    """The command, spoken to in bytes."""

    def __init__(self, place: Place, stderr: int | None = None) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "stepwell", "mcp", "flow.py"],
            cwd=place.folder,
            env=place.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
        )
        self._number = 0
        client = {"name": "test", "version": "1"}
        self.request("initialize", protocolVersion="2025-11-25", capabilities={}, clientInfo=client)
        self.send(b'{"jsonrpc": "2.0", "method": "notifications/initialized"}')

    def send(self, line: bytes) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + b"\n")
        self._process.stdin.flush()

    def answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())

    def request(self, method: str, **params: Any) -> dict[str, Any]:
        self._number += 1
        number = f"good-{self._number}"
        self.send(json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}).encode())
        answer = self.answer()
        assert number == answer["id"]
        return answer

    def call(self, tool: str, **arguments: Any) -> Any:
        answer = self.request("tools/call", name=f"stepwell_{tool}", arguments=arguments)
        return answer.get("result", answer)

    def end(self) -> int:
        self._process.communicate(timeout=PATIENCE_S)
        return self._process.returncode

    def vanish(self) -> tuple[int, bytes]:
        """Closes both pipes, as a client does that is killed. Gives the exit code, and what was said on stderr."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._process.stdout.close()
        self._process.stdin.close()
        with self._process.stderr as said:
            return self._process.wait(timeout=PATIENCE_S), said.read()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    place = Place(tmp_path_factory.mktemp("mcp"))
    place.write("flow.py", FLOW)
    server = Server(place)
    yield server
    # Half a message is the last that comes.
    server.send(b'{"jsonrpc": "2.0", "id": 1, "meth')
    assert PARSE_ERROR == server.answer()["error"]["code"]
    assert 0 == server.end()
    place.dispose()


START = (
    '{"jsonrpc": "2.0", "id": 1, "method": "tools/call", '
    '"params": {"name": "stepwell_start_workflow", "arguments": %s}}'
)


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(b"hello", id="no JSON"),
        pytest.param(b'{"jsonrpc": "2.0", "id": 5, "meth', id="half"),
        pytest.param(b"\xff\xfe\x00", id="no UTF-8"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b"null", id="null"),
        pytest.param(b"[" * 100_000 + b"]" * 100_000, id="deep"),
        pytest.param(
            (START % ('{"workflow": "Odd", "payload": ' + "[" * 5000 + "]" * 5000 + "}")).encode(), id="deep payload"
        ),
        pytest.param(b'{"jsonrpc": "1.0", "id": 9, "method": "ping"}', id="another version"),
        pytest.param(b'{"jsonrpc": "2.0", "id": 9}', id="no method"),
        pytest.param(b'{"jsonrpc": "2.0", "id": "\\ud800", "method": "ping"}', id="half a surrogate pair"),
        pytest.param((START % '{"workflow": "\\ud800"}').encode(), id="a name that is no Unicode"),
        pytest.param(b'{"jsonrpc": "2.0", "id": 1' + b"0" * 5000 + b', "method": "ping"}', id="a large id"),
        pytest.param(b"x" * 5_000_000, id="5 MB"),
    ],
)
def test_unreadable(server, line):
    """What is no message of JSON-RPC gets the error for that, and the next request its answer."""
    server.send(line)

    assert (None, PARSE_ERROR) == ((answer := server.answer())["id"], answer["error"]["code"])
    assert {} == server.request("ping")["result"]


@pytest.mark.parametrize(
    ("method", "params", "code"),
    [
        ("nope/\x1b[2J", {}, METHOD_NOT_FOUND),
        ("tools/call", {"name": "none", "arguments": {}}, INVALID_PARAMS),
        ("tools/call", {"name": "Odd", "arguments": [1]}, INVALID_PARAMS),
        ("tools/call", {"name": "stepwell_start_workflow", "arguments": {"workflow": 5}}, INVALID_PARAMS),
        ("tasks/update", {"taskId": 5}, INVALID_PARAMS),
    ],
)
def test_unknown(server, method, params, code):
    """A request that cannot be carried out gets an error with its own id."""
    assert code == server.request(method, **params)["error"]["code"]


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b?c#d", "a\r\nX: y", "\x1b[2J", "x" * 5000])
@pytest.mark.parametrize("tool", ["describe_instance", "terminate_instance", "replay_instance"])
def test_names(server, tool, name):
    """No name of a workflow or an instance leads to anything else."""
    for names in ({"workflow": "Odd", "instance_id": name}, {"workflow": name, "instance_id": "x"}):
        assert server.call(tool, **names)["isError"]


def test_large_and_special_payloads(server):
    """A value that cannot be a payload is refused as an answer of the tool."""
    for payload in (float("nan"), float("inf"), "x" * 2_000_000):
        assert server.call("start_workflow", workflow="Odd", payload=payload)["isError"]


def test_hostile_output(server):
    """What a workflow prints and returns is sent as text that JSON can have."""
    started = server.call("start_workflow", workflow="Odd", instance_id="odd")
    assert not started["isError"]

    described: dict[str, Any] = {}
    while described.get("status") not in {"complete", "errored"}:
        described = json.loads(
            server.call("describe_instance", workflow="Odd", instance_id="odd")["content"][0]["text"]
        )
    logs = server.call("read_logs", workflow="Odd", instance_id="odd")

    assert "complete" == described["status"]
    assert "\x1b]0;title" in described["output"]["text"]
    assert not logs["isError"]


def test_client_that_vanishes(tmp_path):
    """The server ends in good order, also with a call under way, and the next server answers."""
    place = Place(tmp_path)
    place.write("flow.py", FLOW)
    server = Server(place, stderr=subprocess.PIPE)
    server.send((START % '{"workflow": "Odd", "instance_id": "orphan"}').encode())

    code, said = server.vanish()
    after = Server(place)

    assert (0, False) == (code, b"Traceback" in said)
    assert not after.call("list_instances", workflow="Odd")["isError"]
    assert 0 == after.end()
    place.dispose()
