"""What an agent in a workflow may not do, and what it says."""

from __future__ import annotations

import asyncio

import pytest
from pydantic_ai import Agent, CancellationToken, FunctionToolset, RunContext
from pydantic_ai.exceptions import UserError
from pydantic_ai.models.test import TestModel
from pydantic_ai.toolsets import DynamicToolset, ExternalToolset
from scripted_agents import Script, call, run

from workers import WorkflowEntrypoint
from workers_pydantic_ai import MissingScopeError, WorkflowsDurability


def agent_of(model=None, **options) -> Agent:
    return Agent(model or Script("ok").model, name="support", capabilities=[WorkflowsDurability()], **options)


def refused(workflow, agent: Agent, **options) -> str:
    """What a run of *agent* in a workflow is refused with."""

    async def body(_step):
        return (await agent.run("hi", **options)).output

    with pytest.raises(UserError) as error:
        run(workflow, body)
    return str(error.value)


def test_run_without_the_decorator():
    """An agent that would silently not be durable is refused."""
    agent = agent_of()

    class Support(WorkflowEntrypoint):
        async def run(self, event, step):
            return await self.answer()

        async def answer(self):
            return (await agent.run("hi")).output

    with pytest.raises(MissingScopeError, match=r"Support.run\(\) is not marked with @durable_agents"):
        asyncio.run(Support(None, None).run({}, None))


def test_agent_without_a_name():
    """Steps need a name that stays."""
    with pytest.raises(UserError, match="unique `name` in order to be used with Cloudflare Workflows"):
        Agent(TestModel(), capabilities=[WorkflowsDurability()])


def test_name_of_the_capability(workflow):
    """The capability's own name comes first."""
    agent = Agent(TestModel(custom_output_text="ok"), capabilities=[WorkflowsDurability(name="mine")])

    async def body(_step):
        return (await agent.run("hi")).output

    run(workflow, body)

    assert workflow.steps == ["mine__model.request-1"]


def test_agent_without_a_model():
    """A model cannot come with the run alone."""
    with pytest.raises(UserError, match="needs to have a `model`"):
        Agent(name="support", capabilities=[WorkflowsDurability()])


def test_toolset_without_an_id():
    """A toolset that is found by a function needs an ID."""
    with pytest.raises(UserError, match="unique `id`"):
        agent_of(toolsets=[DynamicToolset(lambda _ctx: FunctionToolset())])


def test_toolsets_with_one_id():
    """Two toolsets cannot share an ID."""
    with pytest.raises(UserError, match="same `id` 'shop'"):
        agent_of(toolsets=[FunctionToolset(id="shop"), FunctionToolset(id="shop")])


def test_toolset_of_the_run(workflow):
    """A toolset that only a run brings would run outside steps."""
    late = FunctionToolset(tools=[lambda: "x"], id="late")
    assert "cannot be added at runtime with Cloudflare Workflows" in refused(workflow, agent_of(), toolsets=[late])


def test_external_toolset_of_the_run(workflow):
    """A toolset whose calls are made elsewhere is no danger."""

    async def body(_step):
        return (await agent_of().run("hi", toolsets=[ExternalToolset([])])).output

    assert run(workflow, body) == "ok"


def test_unregistered_model(workflow):
    """A model object cannot be stored: it needs an ID."""
    assert "was not registered with `WorkflowsDurability`" in refused(workflow, agent_of(), model=TestModel())


def test_registered_models(workflow):
    """A further model is named in its step."""
    other = TestModel(custom_output_text="other")
    agent = Agent(Script("ok").model, name="support", capabilities=[WorkflowsDurability(models={"other": other})])

    async def body(_step):
        return [
            (await agent.run("hi", model="other")).output,
            (await agent.run("hi", model=other)).output,
            (await agent.run("hi")).output,
        ]

    assert run(workflow, body) == ["other", "other", "ok"]
    assert workflow.steps == [
        "support__model.request.other-1",
        "support#2__model.request.other-1",
        "support#3__model.request-1",
    ]


def test_enqueue_in_a_step(workflow):
    """What a replay could not repeat is refused inside a step."""

    def remind(ctx: RunContext) -> str:
        ctx.enqueue("remember the milk")
        return "ok"

    assert "enqueue" in refused(workflow, agent_of(Script([call("remind")], "ok").model, tools=[remind]))


def test_cancellation_token(workflow):
    """A token lives in one process; the instance is terminated instead."""
    assert "Cancel the durable workflow" in refused(workflow, agent_of(), cancellation_token=CancellationToken())


def test_second_engine():
    """Two capabilities of this kind would each take the other's place."""
    with pytest.raises(UserError):
        Agent(TestModel(), name="support", capabilities=[WorkflowsDurability(), WorkflowsDurability()])
