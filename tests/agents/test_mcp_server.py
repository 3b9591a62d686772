"""`stepwell mcp`, spoken to by the client of the official SDK over stdio."""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
from typing import TYPE_CHECKING, Any

import anyio
import pytest
from mcp.shared.exceptions import MCPError
from mcp_sessions import FLOW, TASKS, Session, connect_stdio
from places import Place
from syncing import PATIENCE_S

from stepwell.state import read_owner

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


COUNT = """
    class Count(WorkflowEntrypoint):
        async def run(self, event, step):
            for number in range(300):
                if number % 30 == 0:
                    await step.wait_for_event(f"go {number}", "go")

                @step.do(f"count {number}")
                async def count():
                    print(number)

                await count()
"""


def test_killed_servers(place):
    """
    The server is killed ten times, every other time with the state's owner. Each task goes on in the next one.

    One task has been sent on its way by an event each time, and each server is given another one, which waits.
    """
    place.write("flow.py", FLOW + COUNT)

    async def kill_one(tasks):
        async with contextlib.AsyncExitStack() as stack:
            session = await stack.enter_async_context(connect_stdio(place))
            if not tasks:
                tasks.append((await session.call("Count", {})).task_id)
            tasks.append((await session.call("Buy", {"articles": [str(len(tasks))]})).task_id)
            await session.until(tasks[-1], "input_required")
            await session.admin("send_event", workflow="Count", instance_id=tasks[0], type="go")
            if len(tasks) % 2:
                os.kill(read_owner(place.state).pid, signal.SIGKILL)
            os.kill(session.pid, signal.SIGKILL)
            # What the client says of it depends on where the server was.
            with contextlib.suppress(Exception):
                await stack.aclose()

    async def finish(session, tasks):
        counting, *buying = tasks
        await session.until(counting, "completed")
        logs = await session.admin("read_logs", workflow="Count", instance_id=counting)
        # A step that was under way when the server died has printed twice, and nothing that had finished has.
        assert [number for number, _ in itertools.groupby(int(line["text"]) for line in logs)] == list(range(300))
        for number, task in enumerate(buying, 1):
            await session.until(task, "input_required")
            answers = {"decision-1": {"action": "accept", "content": {"n": number}}}
            await session.request("tasks/update", taskId=task, inputResponses=answers)
            done = await session.until(task, "completed")
            assert done["result"]["structuredContent"] == {"bought": [str(number)], "decision": {"n": number}}
            logs = await session.admin("read_logs", workflow="Buy", instance_id=task)
            assert [line["text"] for line in logs] == [f"reserving {number}"]

    async def main():
        tasks: list[str] = []
        for _ in range(10):
            await kill_one(tasks)
        async with connect_stdio(place) as session:
            await finish(session, tasks)

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
