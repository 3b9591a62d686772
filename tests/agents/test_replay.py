"""An agent that was changed between a run and its replay."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from fake_workflow import Crash
from pydantic_ai import Agent
from scripted_agents import Script, call, run, workflow_of

from workers_pydantic_ai import ReplayDivergedError, WorkflowsDurability


def weather(city: str) -> str:
    return f"sunny in {city}"


def news() -> str:
    return "none"


def renamed(place: str) -> str:
    return f"sunny in {place}"


class Deployment:
    """The code of a workflow, in one version."""

    def __init__(self, script: Script, *tools: Any) -> None:
        self.agent = Agent(script.model, name="support", tools=tools, capabilities=[WorkflowsDurability()])

    async def run(self, _step: Any) -> str:
        return (await self.agent.run("hi")).output


def test_tool_that_is_gone(workflow):
    """The recorded answer calls it: the replay ends with its name, both lists and the remedy."""
    script = Script([call("weather", city="Oslo")], "ok")
    run(workflow, Deployment(script, weather, news).run)

    with pytest.raises(ReplayDivergedError) as error:
        run(workflow, Deployment(script, news).run)

    assert str(error.value).startswith(
        "The recorded answer of 'support__model.request' calls 'weather', which the agent no longer has. "
        "Its tools were 'news', 'weather', and are 'news'. Give the tool back. Restart the instance"
    )
    assert script.requests == 2


def test_tool_that_takes_other_arguments(workflow):
    """The recorded call no longer fits: what follows it is not what was recorded."""
    script = Script([call("weather", city="Oslo")], "ok")
    run(workflow, Deployment(script, weather).run)
    renamed.__name__ = "weather"

    with pytest.raises(ReplayDivergedError, match="a tool was added, removed or takes other arguments"):
        run(workflow, Deployment(script, renamed).run)


def test_tool_that_was_not_called(workflow):
    """A tool that no recorded answer calls may go."""
    script = Script([call("weather", city="Oslo")], "ok")
    run(workflow, Deployment(script, weather, news).run)

    assert run(workflow, Deployment(script, weather).run) == "ok"


def test_new_tool(workflow):
    """A new tool is offered from the next request on."""
    script = Script([call("weather", city="Oslo")], [call("news")], "ok")
    workflow.crash_after = {"support__function_toolset__<agent>.call_tool:weather"}
    with pytest.raises(Crash):
        asyncio.run(workflow.run(workflow_of(Deployment(script, weather).run)))

    assert run(workflow, Deployment(script, weather, news).run) == "ok"
    assert script.requests == 3


def test_other_order_of_runs(workflow):
    """A tool call that takes another's place is not given the other's result."""
    script = Script([call("weather", "a", city="Oslo")], "ok")
    run(workflow, Deployment(script, weather).run)
    key = "support__function_toolset__<agent>.call_tool:weather-1"
    workflow.log[key] = workflow.log[key].replace('"a"', '"b"')

    with pytest.raises(ReplayDivergedError, match="was recorded for tool call 'b', and is replayed for 'a'"):
        run(workflow, Deployment(script, weather).run)
