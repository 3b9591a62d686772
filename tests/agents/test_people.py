"""Approval by a person, and waits for anything else outside."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pydantic_ai import Agent, DeferredToolRequests, DeferredToolResults
from pydantic_ai.capabilities import RequestInput
from pydantic_ai.tools import Tool
from scripted_agents import Script, call, run

from workers_pydantic_ai import ApproveByEvent, InvalidDecisionWarning, WorkflowsDurability, event_of


class Shop:
    """An agent whose purchases a person approves."""

    def __init__(self, *capabilities: Any, calls: int = 1) -> None:
        self.bought: list[str] = []
        self.script = Script([call("buy", f"call-{n}", what=f"tea {n}") for n in range(1, calls + 1)], "ok")
        self.agent = Agent(
            self.script.model,
            name="shop",
            tools=[Tool(self.buy, requires_approval=True)],
            output_type=[str, DeferredToolRequests],
            capabilities=[WorkflowsDurability(), *capabilities],
        )

    def buy(self, what: str) -> str:
        self.bought.append(what)
        return f"bought {what}"

    async def run(self, _step: Any) -> Any:
        result = await self.agent.run("hi")
        return [str(p.content) for m in result.all_messages() for p in m.parts if p.part_kind == "tool-return"]


def test_approved(workflow):
    """An event lets the tool run, once, through a crash after the event."""
    shop = Shop(ApproveByEvent())
    workflow.events["approval-1"] = [{"approved": True}]
    workflow.crash_after = {"shop__approval-1.ask", "shop__function_toolset__<agent>.call_tool:buy"}

    assert run(workflow, shop.run) == ["bought tea 1"]
    assert shop.bought == ["tea 1"]
    assert workflow.recorded("shop__approval-1.ask-1") == {
        "type": "approval-1",
        "tool": "buy",
        "arguments": {"what": "tea 1"},
    }


def test_denied(workflow):
    """The model reads why."""
    shop = Shop(ApproveByEvent())
    workflow.events["approval-1"] = [{"approved": False, "message": "too dear"}]

    assert run(workflow, shop.run) == ["too dear"]
    assert shop.bought == []


def test_other_arguments(workflow):
    """A person may approve something else than what was asked."""
    shop = Shop(ApproveByEvent())
    workflow.events["approval-1"] = [{"approved": True, "arguments": {"what": "water"}}]

    run(workflow, shop.run)

    assert shop.bought == ["water"]


def test_nobody_decides(workflow):
    """Without a decision in time the call is denied."""
    shop = Shop(ApproveByEvent(timeout=timedelta(minutes=5)))

    assert run(workflow, shop.run) == ["The call of buy was not approved within 0:05:00."]


def test_two_calls_at_once(workflow):
    """Each call has a decision of its own."""
    shop = Shop(ApproveByEvent(), calls=2)
    workflow.events = {"approval-2": [{"approved": True}], "approval-1": [{"approved": False, "message": "no"}]}

    assert run(workflow, shop.run) == ["no", "bought tea 2"]
    assert shop.bought == ["tea 2"]


def test_two_decisions_on_one_call(workflow):
    """The first counts; the second does not decide on what is asked next."""
    shop = Shop(ApproveByEvent())
    workflow.events = {"approval-1": [{"approved": True}, {"approved": True}]}

    async def body(step):
        return [await shop.run(step), await shop.run(step)]

    assert run(workflow, body) == [["bought tea 1"], ["The call of buy was not approved within 1 day, 0:00:00."]]
    assert shop.bought == ["tea 1"]


@pytest.mark.parametrize("payload", ["yes", {"approve": True}, None, {"approved": True, "arguments": ["x"]}])
def test_payload_that_is_no_decision(workflow, payload):
    """It is ignored with a warning that says what to send, and the wait goes on."""
    shop = Shop(ApproveByEvent())
    workflow.events["approval-1"] = [payload, {"approved": True}]

    with pytest.warns(InvalidDecisionWarning, match=r'approval-1 was ignored.*Send \{"approved": true\}'):
        assert run(workflow, shop.run) == ["bought tea 1"]


def test_deferred_requests_as_output(workflow):
    """Without a capability for it the requests are the agent's output, and a second run brings the results."""
    shop = Shop()
    workflow.events["decided"] = [True]

    async def body(step):
        first = await shop.agent.run("hi")
        event = await step.wait_for_event("decision", "decided")
        results = DeferredToolResults(
            approvals={part.tool_call_id: event["payload"] for part in first.output.approvals}
        )
        return (await shop.agent.run(message_history=first.all_messages(), deferred_tool_results=results)).output

    assert run(workflow, body) == "ok"
    assert shop.bought == ["tea 1"]
    assert "shop#2__model.request-1" in workflow.steps


def test_request_input(workflow):
    """The framework's own way to ask: the token names the instance and the event that answers."""
    asked = []
    shop = Shop(RequestInput(ask=lambda _ctx, _requests, token: asked.append(token), timeout=timedelta(hours=1)))
    workflow.events["deferred_tool_calls-1"] = [{"approvals": {"call-1": True}}]
    workflow.crash_after = {"shop__external_event.deferred_tool_calls-1.ask"}

    assert run(workflow, shop.run) == ["bought tea 1"]
    assert [event_of(token) for token in asked] == [("i-1", "deferred_tool_calls-1")]


def test_request_input_without_an_answer(workflow):
    """The model reads that nobody has answered."""
    shop = Shop(RequestInput(ask=lambda *_: None, timeout=timedelta(hours=1)))

    assert "no event of type 'deferred_tool_calls-1' came within 1:00:00" in run(workflow, shop.run)[0]
