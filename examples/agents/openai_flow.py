# /// script
# dependencies = ["openai-agents>=0.24,<0.25"]
# ///
"""
An agent of the OpenAI Agents SDK in a workflow: requests, tools and its session are steps.

    stepwell sync examples/agents/openai_flow.py --runtime cpython
    stepwell run examples/agents/openai_flow.py --runtime cpython --params '{"question": "How is the weather in Oslo?"}'

The model is the SDK's scripted one, so the example needs no network. For a real one give StepModel a model of the SDK,
such as OpenAIResponsesModel.
"""

import os

from agents import Agent, RunConfig, Runner, SQLiteSession, function_tool
from agents.testing import ModelStep, ScriptedModel, assistant_message, function_call
from openai_steps import StepModel, StepSession, step_tool

from workers import WorkflowEntrypoint


@function_tool
def weather(city: str) -> str:
    """Look up the weather."""
    print("looking up", city)
    return f"sunny in {city}"


def answer(call):
    """Play the model: ask for the weather, then tell it."""
    given = [item["output"] for item in call.input if item.get("type") == "function_call_output"]
    if given:
        return [assistant_message(f"It is {given[-1]}.")]
    return [function_call("weather", {"city": "Oslo"}, call_id="call-1")]


class AskFlow(WorkflowEntrypoint):
    """One question."""

    async def run(self, event, step):
        """Parameters: ``question``; ``file`` and ``session``, where conversations are kept and which one it is."""
        params = event["payload"] or {}
        file = params.get("file") or os.path.join(os.getcwd(), "sessions.sqlite")  # noqa: PTH109, PTH118 - no pathlib here
        session = StepSession(step, params.get("session", event["instanceId"]), lambda name: SQLiteSession(name, file))
        agent = Agent(
            name="helper",
            model=StepModel(step, ScriptedModel([ModelStep.respond(answer)] * 9), {"timeout": "2 minutes"}),
            tools=[step_tool(step, weather, {"retries": {"limit": 3, "delay": "1 second"}})],
        )

        result = await Runner.run(
            agent,
            params.get("question", "How is the weather?"),
            session=session,
            run_config=RunConfig(tracing_disabled=True),
        )
        return {"answer": result.final_output, "items": len(await session.get_items())}
