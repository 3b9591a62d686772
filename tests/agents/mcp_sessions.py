"""Clients of the official SDK for `stepwell mcp`, with the extension for tasks."""

from __future__ import annotations

import contextlib
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import anyio
import mcp_types as types
from mcp.client.client import Client
from mcp.client.extension import ClientExtension, ResultClaim
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import create_mcp_http_client, streamable_http_client
from pydantic import ConfigDict
from syncing import PATIENCE_S

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from places import Place

FLOW = """
    from __future__ import annotations
    from dataclasses import dataclass
    from typing import TYPE_CHECKING
    from workers import WorkflowEntrypoint
    if TYPE_CHECKING:
        from workers import WorkflowEvent


    @dataclass
    class Order:
        articles: list[str]
        express: bool = False


    class Buy(WorkflowEntrypoint):
        async def run(self, event: WorkflowEvent[Order], step):
            order = event["payload"]

            @step.do("reserve")
            async def reserve():
                print("reserving", *order.articles)
                return order.articles

            reserved = await reserve()
            decision = await step.wait_for_event("decision", "decided", timeout="1 day")
            return {"bought": reserved, "decision": decision["payload"]}


    class Fail(WorkflowEntrypoint):
        async def run(self, event, step):
            raise ValueError("sold out")
"""
NEWEST = "2026-07-28"
TASKS = "io.modelcontextprotocol/tasks"


class Task(types.Result):
    """What a call gives in place of a result."""

    model_config = ConfigDict(extra="allow")
    result_type: Literal["task"] = "task"
    task_id: str
    status: str


class Anything(types.Result):
    model_config = ConfigDict(extra="allow")


class Tasks(ClientExtension):
    """The extension, with nothing done by itself."""

    identifier = TASKS

    def claims(self):
        async def resolve(_task, _ctx):
            raise AssertionError("the tests look at the task themselves")

        return [ResultClaim(result_type="task", model=Task, resolve=resolve)]


@dataclass
class Session:
    """A client and its server."""

    client: Client
    pid: int | None = None

    async def call(self, tool: str, arguments: dict[str, Any]) -> Any:
        return await self.client.session.call_tool(tool, arguments, allow_claimed=True)

    async def request(self, method: str, **params: Any) -> dict[str, Any]:
        request = types.Request[dict[str, Any], str](method=method, params=params)
        return (await self.client.session.send_request(request, Anything)).model_dump(by_alias=True)

    async def until(self, task: str, status: str) -> dict[str, Any]:
        """Polls, as a client does."""
        with anyio.fail_after(PATIENCE_S):
            while (found := await self.request("tasks/get", taskId=task))["status"] != status:  # noqa: ASYNC110
                await anyio.sleep(0.05)
        return found

    async def admin(self, tool: str, **arguments: Any) -> Any:
        result = await self.call(f"stepwell_{tool}", arguments)
        assert not result.is_error, result
        return json.loads(result.content[0].text)


def server_pids(folder: Path) -> set[int]:
    """The processes of `stepwell mcp` that run in *folder*."""
    found = set()
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if b"stepwell\0mcp" in (path / "cmdline").read_bytes() and (path / "cwd").readlink() == folder:
                found.add(int(path.name))
    return found


@contextlib.asynccontextmanager
async def connect_stdio(place: Place, extensions: tuple[ClientExtension, ...] = (Tasks(),)) -> AsyncIterator[Session]:
    before = server_pids(place.folder)
    parameters = StdioServerParameters(
        command=sys.executable, args=["-m", "stepwell", "mcp", "flow.py"], cwd=place.folder, env=place.environment
    )
    async with Client(stdio_client(parameters), extensions=extensions, mode=NEWEST) as client:
        await client.list_tools()
        (pid,) = server_pids(place.folder) - before
        yield Session(client, pid)


@contextlib.asynccontextmanager
async def connect_http(url: str, token: str | None = None, mode: str = NEWEST) -> AsyncIterator[Session]:
    headers = {} if token is None else {"authorization": f"Bearer {token}"}
    async with (
        create_mcp_http_client(headers) as http,
        Client(streamable_http_client(url, http_client=http), extensions=(Tasks(),), mode=mode) as client,
    ):
        yield Session(client)
