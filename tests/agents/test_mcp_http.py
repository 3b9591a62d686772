"""`stepwell mcp --port`, spoken to by the client of the official SDK over streamable HTTP."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import anyio
import pytest
from mcp.shared.exceptions import MCPError
from mcp_sessions import FLOW, NEWEST, Session, connect_http
from places import Place, open_client, until
from syncing import PATIENCE_S

from stepwell.mcp.http_options import HttpOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from places import Running

    from stepwell.models import Token

pytestmark = pytest.mark.timeout(2 * PATIENCE_S)
OLDER = "legacy"
PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}},
}
HEADERS = {"content-type": "application/json", "accept": "application/json, text/event-stream"}


def start(place: Place, *options: str, port: int = 0) -> tuple[Running, str]:
    """Starts a server; gives it and its address."""
    server = place.start("mcp", "flow.py", "--port", str(port), *options)
    said = server.read_until(" over MCP at ")
    return server, said.rsplit(" ", 1)[1].strip()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    place = Place(tmp_path_factory.mktemp("mcp"))
    place.write("flow.py", FLOW)
    yield place
    place.dispose()


@pytest.fixture(scope="module")
def url(place: Place) -> str:
    """A server that requires no token."""
    return start(place)[1]


@pytest.fixture(scope="module")
def locked(place: Place, url: str) -> Iterator[str]:
    """A server that other machines reach, on the same state: it requires a token. It stops in good order."""
    server, address = start(place, "--ip", "0.0.0.0")
    yield address
    os.kill(server.pid, signal.SIGTERM)
    done = server.wait()
    assert (0, "") == (done.code, done.out)
    assert "Traceback" not in done.err


def run(url: str, body: Callable[[Session], Any], token: str | None = None, mode: str = NEWEST) -> None:
    async def main() -> None:
        async with connect_http(url, token, mode) as session:
            await body(session)

    anyio.run(main)


def ask(url: str, method: str = "POST", body: object = INITIALIZE, **headers: str) -> tuple[int, str, str]:
    """Sends one request; gives status, challenge and body."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=PATIENCE_S)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, parts.path, json.dumps(body), {**HEADERS, **named})
    response = connection.getresponse()
    challenge, text = response.getheader("www-authenticate", ""), response.read().decode()
    connection.close()
    return response.status, challenge, text


def create_token(place: Place, scope: str = "write", account: str = "default") -> Token:
    client = open_client(place.state)
    assert client
    token = client.create_token({"name": "agent", "scope": scope, "account": account})
    client.close()
    return token


def bearer(token: Token) -> dict[str, str]:
    return {"authorization": f"Bearer {token.secret}"}


def test_task(url):
    """A call is a task."""

    async def body(session):
        task = (await session.call("Buy", {"articles": ["tea"]})).task_id
        waiting = await session.until(task, "input_required")
        assert list(waiting["inputRequests"]) == ["decision-1"]
        answers = {"decision-1": {"action": "accept", "content": {"ok": True}}}
        await session.request("tasks/update", taskId=task, inputResponses=answers)
        done = await session.until(task, "completed")
        assert done["result"]["structuredContent"] == {"bought": ["tea"], "decision": {"ok": True}}

    run(url, body)


def test_older_client(url):
    """A client of a revision with sessions, in which the SDK has no extensions, uses the tools for instances."""

    async def body(session):
        with pytest.raises(MCPError) as refused:
            await session.call("Buy", {"articles": []})
        assert -32003 == refused.value.code
        await session.admin("start_workflow", workflow="Buy", payload={"articles": ["tea"]}, instance_id="older")
        await session.admin("send_event", workflow="Buy", instance_id="older", type="decided", payload=1)
        found: dict[str, Any] = {}
        while found.get("status") != "complete":
            found = await session.admin("describe_instance", workflow="Buy", instance_id="older")
        assert {"bought": ["tea"], "decision": 1} == found["output"]

    run(url, body, mode=OLDER)


def test_killed_servers(tmp_path):
    """The server is killed ten times; the client, which stays the same, has its task in each new one."""
    place = Place(tmp_path)
    place.write("flow.py", FLOW)

    async def main(server: Running, url: str) -> None:
        async with connect_http(url) as session:
            task = (await session.call("Buy", {"articles": ["tea"]})).task_id
            for _ in range(10):
                assert list((await session.until(task, "input_required"))["inputRequests"]) == ["decision-1"]
                os.kill(server.pid, signal.SIGKILL)
                server.wait()
                server, again = start(place, port=urlsplit(url).port or 0)
                assert again == url
            answers = {"decision-1": {"action": "accept", "content": {"n": 1}}}
            await session.request("tasks/update", taskId=task, inputResponses=answers)
            done = await session.until(task, "completed")
            assert done["result"]["structuredContent"] == {"bought": ["tea"], "decision": {"n": 1}}
            logs = await session.admin("read_logs", workflow="Buy", instance_id=task)
            assert [line["text"] for line in logs] == ["reserving tea"]

    try:
        anyio.run(main, *start(place))
    finally:
        place.dispose()


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer stepwell_wrong"}, {"authorization": "Basic eDp5"}])
def test_no_token(locked, headers):
    """A request without a valid token is refused where tokens are required."""
    status, challenge, _ = ask(locked, **headers)

    assert 401 == status
    assert challenge.startswith("Bearer ")


def test_revoked_token(place, locked):
    """A token is refused as soon as it is revoked."""
    token = create_token(place)
    assert 200 == ask(locked, **bearer(token))[0]

    client = open_client(place.state)
    client.revoke_token(token.id)
    client.close()

    assert 401 == ask(locked, **bearer(token))[0]


def test_token_of_another_account(place, locked):
    """The refusal names both accounts."""
    token = create_token(place, account="other")

    status, _, text = ask(locked, **bearer(token))

    assert 403 == status
    assert f"Token {token.id} is for account other, not default." in text


def test_any_name(place, locked):
    """A server that other machines reach may be called by any name, and not by pages of other sites."""
    named = {**bearer(create_token(place)), "host": "mcp.example"}

    assert 200 == ask(locked, **named)[0]
    assert 200 == ask(locked, **named, origin="http://mcp.example")[0]
    assert 403 == ask(locked, **named, origin="http://evil.example")[0]


def test_scope_read(place, locked, url):
    """A token of scope read has the tools that read, and no others do anything, as with REST."""
    token = create_token(place, "read")

    async def make(session):
        await session.admin("start_workflow", workflow="Buy", payload={"articles": []}, instance_id="theirs")
        await session.until("theirs", "input_required")

    async def look(session):
        names = {tool.name for tool in (await session.client.list_tools()).tools}
        read = {"list_workflows", "list_instances", "describe_instance", "read_logs"}
        assert {f"stepwell_{name}" for name in read} == names
        described = await session.admin("describe_instance", workflow="Buy", instance_id="theirs")
        assert "waiting" == described["status"]
        assert "input_required" == (await session.request("tasks/get", taskId="theirs"))["status"]
        needs = f"Token {token.id} has scope read; .* needs write"
        theirs = {"workflow": "Buy", "instance_id": "theirs"}
        for tool, given in [
            ("Buy", {"articles": []}),
            ("stepwell_terminate_instance", theirs),
            ("stepwell_replay_instance", theirs),
            ("stepwell_fork_instance", {**theirs, "from_step": "reserve"}),
        ]:
            with pytest.raises(AssertionError, match=needs):
                raise AssertionError((await session.call(tool, given)).content[0].text)
        for method, given in [("tasks/update", {"inputResponses": {"decision-1": {}}}), ("tasks/cancel", {})]:
            with pytest.raises(MCPError, match=needs):
                await session.request(method, taskId="theirs", **given)

    run(url, make)
    run(locked, look, token.secret)


def test_audit(place, locked):
    """The audit log names the token whose holder has cancelled a task."""
    token = create_token(place)

    async def body(session):
        task = (await session.call("Buy", {"articles": []})).task_id
        await session.request("tasks/cancel", taskId=task)
        await session.until(task, "cancelled")

    run(locked, body, token.secret)

    client = open_client(place.state)
    assert f"agent (token {token.id})" == client.audit(1)[0].actor
    client.close()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "evil.example"}, 421),
        ({"host": "evil.example:80", "origin": "http://evil.example"}, 421),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://127.0.0.1:1"}, 403),
    ],
)
def test_pages_of_other_sites(url, headers, status):
    """A page of another site can use the server neither by its own name nor by one that it has pointed at loopback."""
    assert status == ask(url, **headers)[0]


def test_own_page(url):
    """A page of the server itself may use it."""
    assert 200 == ask(url, origin=url.removesuffix("/mcp"))[0]


def test_vanished_clients(place, url):
    """Clients that end in the midst of a request, of a call and of a stream change nothing for others."""
    parts = urlsplit(url)
    started = {"name": "stepwell_start_workflow", "arguments": {"workflow": "Fail", "instance_id": "orphan"}}
    call = {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": started}
    stateless = {**HEADERS, "mcp-protocol-version": NEWEST, "mcp-method": "tools/call", "mcp-name": started["name"]}
    meta = {
        "io.modelcontextprotocol/protocolVersion": NEWEST,
        "io.modelcontextprotocol/clientInfo": {"name": "t", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    whole = json.dumps({**call, "params": {**started, "_meta": meta}}).encode()

    def vanish(headers: dict[str, str], body: bytes, sent: int) -> None:
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        with socket.create_connection((parts.hostname, parts.port)) as connection:
            line = f"POST /mcp HTTP/1.1\r\nhost: 127.0.0.1\r\n{head}content-length: {len(body)}\r\n\r\n"
            connection.sendall(line.encode() + body[:sent])

    for sent in (0, 1, len(whole) // 2):
        vanish(stateless, whole, sent)
    vanish(stateless, whole, len(whole))
    vanish(HEADERS, json.dumps(INITIALIZE).encode(), 10_000)

    # The call was whole, so it is carried out.
    client = open_client(place.state)
    until(lambda: "orphan" in [each.id for each in client.instances("Fail").instances], "the instance is not made")
    client.close()
    assert 200 == ask(url)[0]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--require-token"], "--require-token is about HTTP, and the server uses stdin and stdout. Add --port."),
        (["--port", "0", "--public-url", "mcp.example"], "--public-url is 'mcp.example'; it must be an http or https"),
        (["--port", "0", "--ip", "192.0.2.1"], "Cannot listen at 192.0.2.1, port 0: "),
        (["--port", "{taken}"], "Cannot listen at 127.0.0.1, port {taken}: "),
    ],
)
def test_bad_options(place, url, options, said):
    """An option that cannot be carried out is refused with the remedy."""
    taken = str(urlsplit(url).port)

    done = place.run("mcp", "flow.py", *(option.format(taken=taken) for option in options))

    assert 2 == done.code
    assert said.format(taken=taken) in done.err


@pytest.mark.parametrize(
    ("options", "ip", "needed"),
    [
        (HttpOptions(1), "127.0.0.1", False),
        (HttpOptions(1), "::1", False),
        (HttpOptions(1), "::ffff:127.0.0.1", False),
        (HttpOptions(1, require_token=True), "127.0.0.1", True),
        (HttpOptions(1, public_url="https://mcp.example"), "127.0.0.1", True),
        (HttpOptions(1), "0.0.0.0", True),
        (HttpOptions(1), "::", True),
        (HttpOptions(1), "fe80::1%eth0", True),
    ],
)
def test_needs_token(options, ip, needed):
    """Only clients on the same machine need no token, unless they come through a proxy or the user wants one."""
    assert needed == options.needs_token(ip)
