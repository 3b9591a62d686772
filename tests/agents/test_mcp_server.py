"""`stepwell mcp`, spoken to by the client of the official SDK over stdio."""

from __future__ import annotations

import contextlib
import os
import signal
from typing import TYPE_CHECKING, Any

import anyio
import pytest
from mcp.shared.exceptions import MCPError
from mcp_sessions import FLOW, TASKS, Session, connect_stdio
from places import Place
from syncing import PATIENCE_S

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.timeout(2 * PATIENCE_S)


@pytest.fixture
def place(tmp_path):
    place = Place(tmp_path)
    place.write("flow.py", FLOW)
    return place


def run(place: Place, body: Callable[[Session], Any], **options: Any) -> None:
    async def main() -> None:
        async with connect_stdio(place, **options) as session:
            await body(session)

    anyio.run(main)


def test_tools(place):
    """Workflows are tools whose schemas are those of their payloads; others look after instances."""

    async def body(session):
        tools = {tool.name: tool for tool in (await session.client.list_tools()).tools}
        assert tools["Buy"].input_schema == {
            "title": "Order",
            "type": "object",
            "properties": {"articles": {"type": "array", "items": {"type": "string"}}, "express": {"type": "boolean"}},
            "additionalProperties": False,
            "required": ["articles"],
        }
        assert tools["Fail"].input_schema == {"type": "object"}
        assert {name.removeprefix("stepwell_") for name in tools if name.startswith("stepwell_")} == {
            *("list_workflows", "start_workflow", "list_instances", "describe_instance", "read_logs", "send_event"),
            *("restart_instance", "terminate_instance", "replay_instance", "fork_instance"),
        }

    run(place, body)


def test_task(place):
    """A call is a task: it asks for input, the answer is the event, and the output is its result."""

    async def body(session):
        task = await session.call("Buy", {"articles": ["tea"]})
        assert (task.result_type, task.status) == ("task", "working")

        waiting = await session.until(task.task_id, "input_required")
        ((key, request),) = waiting["inputRequests"].items()
        assert (key, request["method"]) == ("decision-1", "elicitation/create")
        assert "'decided'" in request["params"]["message"]

        answer = {key: {"action": "accept", "content": {"ok": True}}, "unknown-1": {"action": "accept"}}
        assert (await session.request("tasks/update", taskId=task.task_id, inputResponses=answer))[
            "resultType"
        ] == "complete"
        again = await session.request("tasks/update", taskId=task.task_id, inputResponses=answer)
        done = await session.until(task.task_id, "completed")

        assert again["resultType"] == "complete"
        assert done["result"]["structuredContent"] == {"bought": ["tea"], "decision": {"ok": True}}
        assert done["result"]["isError"] is False

    run(place, body)


def test_failed_and_cancelled(place):
    """A workflow that fails is a failed tool; one that is cancelled is terminated."""

    async def body(session):
        failed = await session.call("Fail", {})
        done = await session.until(failed.task_id, "completed")
        assert done["result"]["isError"] is True
        assert done["result"]["content"][0]["text"] == "ValueError: sold out"

        task = await session.call("Buy", {"articles": []})
        await session.until(task.task_id, "input_required")
        await session.request("tasks/cancel", taskId=task.task_id)
        await session.until(task.task_id, "cancelled")
        await session.request("tasks/cancel", taskId=task.task_id)

    run(place, body)


def test_killed_servers(place):
    """The server is killed ten times; each new one has the task, which goes on."""

    async def main():
        task = None
        for number in range(11):
            async with contextlib.AsyncExitStack() as stack:
                session = await stack.enter_async_context(connect_stdio(place))
                if task is None:
                    task = (await session.call("Buy", {"articles": ["tea"]})).task_id
                waiting = await session.until(task, "input_required")
                assert list(waiting["inputRequests"]) == ["decision-1"]
                if number < 10:
                    os.kill(session.pid, signal.SIGKILL)
                    with contextlib.suppress(Exception):
                        await stack.aclose()
                    continue
                answers = {"decision-1": {"action": "accept", "content": {"n": 1}}}
                await session.request("tasks/update", taskId=task, inputResponses=answers)
                done = await session.until(task, "completed")
                assert done["result"]["structuredContent"] == {"bought": ["tea"], "decision": {"n": 1}}
                logs = await session.admin("read_logs", workflow="Buy", instance_id=task)
                assert [line["text"] for line in logs] == ["reserving tea"]

    anyio.run(main)


def test_client_without_the_extension(place):
    """It is refused with the number and the capability, and told what works without."""

    async def body(session):
        for attempt in (
            session.call("Buy", {"articles": []}),
            session.request("tasks/get", taskId="x"),
            session.request("tasks/cancel", taskId="x"),
            session.request("tasks/update", taskId="x", inputResponses={}),
        ):
            with pytest.raises(MCPError) as refused:
                await attempt
            assert refused.value.code == -32003
            assert refused.value.data == {"requiredCapabilities": {"extensions": {TASKS: {}}}}
        started = await session.admin("start_workflow", workflow="Buy", payload={"articles": ["tea"]})
        assert started["instance_id"]

    run(place, body, extensions=())


def test_bad_input(place):
    """Payloads against the schema, unknown tasks and tools: each is named."""

    async def body(session):
        refused = await session.call("Buy", {"articles": "tea"})
        assert refused.is_error
        assert "payload.articles: expected array, received string" in refused.content[0].text
        with pytest.raises(MCPError, match="There is no task 'nowhere'"):
            await session.request("tasks/get", taskId="nowhere")
        with pytest.raises(MCPError, match=r"Unknown tool 'Sell'. There are: Buy, Fail, stepwell_"):
            await session.call("Sell", {})
        with pytest.raises(MCPError, match="needs instance_id"):
            await session.call("stepwell_describe_instance", {"workflow": "Buy"})
        missing = await session.call("stepwell_describe_instance", {"workflow": "Buy", "instance_id": "x"})
        assert missing.is_error
        assert "Instance does not exist: x" in missing.content[0].text

    run(place, body)


def test_administration(place):
    """Instances are listed, described, signalled, replayed, forked and restarted from a step."""

    async def body(session):
        started = await session.admin("start_workflow", workflow="Buy", payload={"articles": ["a"]}, instance_id="one")
        assert started["instance_id"] == "one"
        await session.until("one", "input_required")
        await session.admin("send_event", workflow="Buy", instance_id="one", type="decided", payload={"n": 1})
        await session.until("one", "completed")

        described = await session.admin("describe_instance", workflow="Buy", instance_id="one")
        assert [step["name"] for step in described["steps"]] == ["reserve-1", "decision-1"]
        replayed = await session.admin("replay_instance", workflow="Buy", instance_id="one")
        assert replayed["same"] is True, replayed
        forked = await session.admin(
            "fork_instance", workflow="Buy", instance_id="one", from_step="decision", from_step_type="waitForEvent"
        )
        await session.until(forked["instance_id"], "input_required")
        await session.admin("restart_instance", workflow="Buy", instance_id="one", from_step="reserve")
        await session.until("one", "input_required")
        await session.admin("terminate_instance", workflow="Buy", instance_id="one")
        listed = await session.admin("list_instances", workflow="Buy")
        assert {"instance_id": "one", "status": "terminated"} in listed
        workflows = await session.admin("list_workflows")
        assert [workflow["name"] for workflow in workflows] == ["Buy", "Fail"]

    run(place, body)
