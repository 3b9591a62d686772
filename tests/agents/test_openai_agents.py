"""The OpenAI Agents SDK example's adapter, through crashes."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[2] / "examples" / "agents"))

from agents import Agent, RunConfig, Runner, SQLiteSession, function_tool
from agents.testing import ModelStep, ScriptedModel, assistant_message, function_call
from openai_steps import StepModel, StepSession, step_tool


def respond(call):
    """Answers by what the conversation has already: a new process has the same model."""
    kinds = [item.get("type") for item in call.input]
    if "function_call_output" in kinds:
        return [assistant_message("done")]
    return [function_call("buy", {"what": "tea"}, call_id="a"), function_call("buy", {"what": "milk"}, call_id="b")]


STEPS = ["model request", "tool buy", "session get_items", "session add_items"]


@pytest.mark.parametrize("crash", [None, *STEPS])
def test_agent(workflow, tmp_path, crash):
    """Wherever the process dies, each request, call and addition to the session happens once."""
    workflow.crash_after = {crash} - {None}
    ran, asked = [], []

    @function_tool
    def buy(what: str) -> str:
        ran.append(what)
        return f"bought {what}"

    def answer(call):
        asked.append(1)
        return respond(call)

    async def body(_event, step):
        model = StepModel(step, ScriptedModel([ModelStep.respond(answer) for _ in range(9)]))
        session = StepSession(step, "s", lambda name: SQLiteSession(name, tmp_path / "s.sqlite"))
        agent = Agent(name="shop", model=model, tools=[step_tool(step, buy)])
        result = await Runner.run(agent, "buy", session=session, run_config=RunConfig(tracing_disabled=True))
        outputs = [item["output"] for item in await session.get_items() if item.get("type") == "function_call_output"]
        return [result.final_output, outputs, len(await session.get_items())]

    found = asyncio.run(workflow.run_through_crashes(body))

    assert found == ["done", ["bought tea", "bought milk"], 6]
    assert (sorted(ran), len(asked)) == (["milk", "tea"], 2)
