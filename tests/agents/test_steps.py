"""Model requests and tool calls are steps: named, run once, configured."""

from __future__ import annotations

import asyncio
import itertools
from contextvars import ContextVar
from typing import Any

import pytest
from pydantic import BaseModel
from pydantic_ai import Agent, FunctionToolset, ModelRetry, RunContext, ToolFailed
from pydantic_ai.capabilities import AbstractCapability, SetToolMetadata, durable_operation
from pydantic_ai.exceptions import ModelHTTPError, UserError
from pydantic_ai.models.function import FunctionModel
from pydantic_ai.models.test import TestModel
from pydantic_ai.toolsets import DynamicToolset
from scripted_agents import Script, call, run

from workers.workflows import NonRetryableError
from workers_pydantic_ai import ResultNotStorableError, WorkflowsDurability

TOOL = "support__function_toolset__<agent>.call_tool"


def agent_of(script: Script, *tools: Any, name: str = "support", **durability: Any) -> Agent:
    return Agent(script.model, name=name, tools=tools, capabilities=[WorkflowsDurability(**durability)])


def test_names(workflow):
    """The names of steps are stored: they never change."""

    async def weather(city: str) -> str:
        return f"sunny in {city}"

    agent = agent_of(Script([call("weather", city="Paris")], "done"), weather)

    async def body(_step):
        return (await agent.run("hi")).output

    assert run(workflow, body) == "done"
    assert workflow.steps == ["support__model.request-1", f"{TOOL}:weather-1", "support__model.request-2"]


STEPS = ["support__model.request", f"{TOOL}:buy", f"{TOOL}:buy (2)", f"{TOOL}:weather"]


@pytest.mark.parametrize("crashes", [set(c) for n in range(5) for c in itertools.combinations(STEPS, n)])
def test_crash_after_each_step(workflow, crashes):
    """Wherever the process dies, no request and no call that has finished runs again."""
    workflow.crash_after = set(crashes)
    ran = []

    async def buy(what: str) -> str:
        ran.append(what)
        return f"bought {what}"

    async def weather(city: str) -> str:
        ran.append(city)
        return "rain"

    script = Script([call("buy", "a", what="tea"), call("buy", "b", what="milk")], [call("weather", city="Oslo")], "ok")
    agent = agent_of(script, buy, weather)

    async def body(_step):
        return (await agent.run("hi")).output

    assert run(workflow, body) == "ok"
    assert sorted(ran) == ["Oslo", "milk", "tea"]
    assert script.requests == 3


def test_parallel_calls_of_one_tool_keep_their_results(workflow):
    """Calls of the same tool in one answer have names of their own, whichever starts first in a replay."""
    seen = []

    async def double(number: int) -> int:
        return number * 2

    script = Script([call("double", "a", number=1), call("double", "b", number=20)], "ok")
    agent = agent_of(script, double)

    async def body(_step):
        result = await agent.run("hi")
        seen.append([p.content for m in result.all_messages() for p in m.parts if p.part_kind == "tool-return"])
        return "ok"

    run(workflow, body)
    run(workflow, body)

    assert seen == [[2, 40], [2, 40]]
    assert f"{TOOL}:double (2)-1" in workflow.steps


def test_concurrent_runs_of_one_agent(workflow):
    """Runs of the same agent side by side have steps of their own."""
    agent = Agent(TestModel(custom_output_text="ok"), name="support", capabilities=[WorkflowsDurability()])

    async def body(_step):
        return [r.output for r in await asyncio.gather(*(agent.run(str(n)) for n in range(3)))]

    assert run(workflow, body) == ["ok"] * 3
    assert workflow.steps == [
        "support__model.request-1",
        "support#2__model.request-1",
        "support#3__model.request-1",
    ]


def test_several_agents(workflow):
    """Each agent's steps carry its name."""
    agents = [
        Agent(TestModel(custom_output_text=name), name=name, capabilities=[WorkflowsDurability()])
        for name in ("planner", "writer")
    ]

    async def body(_step):
        return [(await agent.run("hi")).output for agent in agents]

    assert run(workflow, body) == ["planner", "writer"]
    assert workflow.steps == ["planner__model.request-1", "writer__model.request-1"]


def test_agent_inside_a_tool(workflow):
    """An agent that a tool calls runs inside the tool's step, which records what it gives."""
    inner = Agent(TestModel(custom_output_text="inner"), name="inner", capabilities=[WorkflowsDurability()])

    async def ask() -> str:
        return (await inner.run("hi")).output

    agent = agent_of(Script([call("ask")], "ok"), ask)

    async def body(_step):
        return (await agent.run("hi")).output

    assert run(workflow, body) == "ok"
    assert workflow.steps == ["support__model.request-1", f"{TOOL}:ask-1", "support__model.request-2"]


def test_outside_a_workflow():
    """Outside a workflow the agent is an ordinary one."""
    agent = agent_of(Script("ok"))

    assert asyncio.run(agent.run("hi")).output == "ok"


def test_config(workflow):
    """A tool's metadata comes before the base configuration; the model's has its own."""

    def plain() -> str:
        return "x"

    toolset = FunctionToolset(id="shop")
    toolset.add_function(plain, name="patient", metadata={"workflows": {"timeout": "1 hour"}})
    toolset.add_function(plain, name="usual")
    script = Script([call("patient"), call("usual")], "ok")
    durability = WorkflowsDurability(
        model_config={"retries": {"limit": 2}}, tool_config={"timeout": 5000, "retries": {"limit": 1}}
    )
    agent = Agent(script.model, name="support", toolsets=[toolset], capabilities=[durability])

    async def body(_step):
        return (await agent.run("hi")).output

    run(workflow, body)

    prefix = "support__function_toolset__shop.call_tool"
    assert workflow.configs == {
        "support__model.request": {"retries": {"limit": 2}},
        f"{prefix}:patient": {"timeout": "1 hour", "retries": {"limit": 1}},
        f"{prefix}:usual": {"timeout": 5000, "retries": {"limit": 1}},
    }


def test_metadata_false_runs_without_a_step(workflow):
    """A tool may opt out: it runs in `run()` itself, in each replay."""
    toolset = FunctionToolset(id="shop")
    toolset.add_function(lambda: "x", name="cheap", metadata={"workflows": False})
    agent = Agent(
        Script([call("cheap")], "ok").model, name="support", toolsets=[toolset], capabilities=[WorkflowsDurability()]
    )

    async def body(_step):
        return (await agent.run("hi")).output

    assert run(workflow, body) == "ok"
    assert workflow.steps == ["support__model.request-1", "support__model.request-2"]


def test_metadata_of_a_capability(workflow):
    """`SetToolMetadata` configures tools too."""
    agent = Agent(
        Script([call("weather")], "ok").model,
        name="support",
        tools=[weather_tool()],
        capabilities=[WorkflowsDurability(), SetToolMetadata(workflows={"timeout": "3 seconds"})],
    )

    async def body(_step):
        return (await agent.run("hi")).output

    run(workflow, body)

    assert workflow.configs[f"{TOOL}:weather"] == {"timeout": "3 seconds"}


def weather_tool() -> Any:
    def weather() -> str:
        return "sunny"

    return weather


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"retry": {}}, "has the unknown key 'retry'. Did you mean 'retries'?"),
        ({"retries": {"count": 1}}, r"\['retries'\] has the unknown key 'count'. Known keys: limit, delay, backoff."),
        ("10 s", "must be a dict of step.do's config, not str"),
    ],
)
def test_unknown_config(workflow, config, message):
    """A misspelt configuration is refused, and named."""
    toolset = FunctionToolset(id="shop")
    toolset.add_function(lambda: "x", name="cheap", metadata={"workflows": config})
    agent = Agent(
        Script([call("cheap")], "ok").model, name="support", toolsets=[toolset], capabilities=[WorkflowsDurability()]
    )

    with pytest.raises(UserError, match=message):
        WorkflowsDurability(tool_config=config)

    async def body(_step):
        return (await agent.run("hi")).output

    with pytest.raises(UserError, match=f"metadata.* of tool 'cheap'.*{message}"):
        run(workflow, body)


def test_model_retry_is_not_a_failed_attempt(workflow):
    """A tool that asks the model to try again has finished its step."""
    workflow.limit = 3
    numbers = []

    def guess(number: int) -> str:
        numbers.append(number)
        if number < 10:
            raise ModelRetry("higher")
        return "right"

    script = Script([call("guess", "a", number=1)], [call("guess", "b", number=10)], "ok")
    agent = agent_of(script, guess)

    async def body(_step):
        return (await agent.run("hi")).output

    assert run(workflow, body) == "ok"
    assert run(workflow, body) == "ok"
    assert numbers == [1, 10]


def test_tool_failed_reaches_the_model(workflow):
    """A failure that a tool reports is a result."""

    def order() -> str:
        raise ToolFailed("sold out")

    agent = agent_of(Script([call("order")], "ok"), order)

    async def body(_step):
        result = await agent.run("hi")
        return [p.content for m in result.all_messages() for p in m.parts if p.part_kind == "tool-return"]

    assert run(workflow, body) == ["sold out"]


def test_failed_tool_is_tried_again(workflow):
    """Any other error of a tool is a failed attempt of its step."""
    workflow.limit = 2
    calls = []

    def flaky() -> str:
        calls.append(1)
        if len(calls) < 3:
            raise ConnectionError("reset")
        return "ok"

    agent = agent_of(Script([call("flaky")], "ok"), flaky)

    async def body(_step):
        return (await agent.run("hi")).output

    assert run(workflow, body) == "ok"
    assert workflow.attempts[f"{TOOL}:flaky-1"] == 3


def test_non_retryable_tool(workflow):
    """`NonRetryableError` of a tool ends the attempts, and the run."""
    workflow.limit = 2

    def declined() -> str:
        raise NonRetryableError("card declined")

    agent = agent_of(Script([call("declined")], "ok"), declined)

    async def body(_step):
        return (await agent.run("hi")).output

    with pytest.raises(NonRetryableError, match="card declined"):
        run(workflow, body)
    assert workflow.attempts[f"{TOOL}:declined-1"] == 1


class Unknown:
    """Nothing that can be stored."""


def test_result_that_cannot_be_stored(workflow):
    """The tool is named, with the remedy, and not run again; a replay says the same."""
    workflow.limit = 3

    def connect() -> Any:
        return Unknown()

    agent = agent_of(Script([call("connect")], "ok"), connect)

    async def body(_step):
        return (await agent.run("hi")).output

    for _ in range(2):
        with pytest.raises(ResultNotStorableError, match=r"Tool 'connect' returned a value .*Unknown.* Return text"):
            run(workflow, body)
    assert workflow.attempts[f"{TOOL}:connect-1"] == 1


class Order(BaseModel):
    """A result that is stored as JSON."""

    item: str
    price: float


def test_pydantic_results(workflow):
    """A model as a tool's result, and as the agent's output."""

    def find() -> Order:
        return Order(item="tea", price=1.0)

    agent = Agent(
        Script([call("find")], [call("final_result", item="tea", price=1.0)]).model,
        name="support",
        tools=[find],
        output_type=Order,
        capabilities=[WorkflowsDurability()],
    )

    async def body(_step):
        return (await agent.run("hi")).output

    assert run(workflow, body) == run(workflow, body) == Order(item="tea", price=1.0)


@pytest.mark.parametrize(("status", "attempts"), [(401, 1), (400, 1), (429, 3), (503, 3)])
def test_refusal_of_the_provider(workflow, status, attempts):
    """A request that the provider refuses is sent once; one that may succeed later is sent again."""
    workflow.limit = 2
    script = Script(ModelHTTPError(status, "gpt", {"error": "no"}))
    agent = agent_of(script)

    async def body(_step):
        return (await agent.run("hi")).output

    with pytest.raises(ModelHTTPError) as failed:
        run(workflow, body)
    assert (failed.value.status_code, script.requests) == (status, attempts)
    if attempts == 1:
        with pytest.raises(ModelHTTPError):
            run(workflow, body)
        assert script.requests == 1


def test_model_that_never_answers(workflow):
    """The step's timeout ends the wait; the error names the agent, and where its timeout is set."""

    async def answer(_messages, _info):
        await asyncio.Event().wait()

    agent = Agent(
        FunctionModel(answer), name="support", capabilities=[WorkflowsDurability(model_config={"timeout": 20})]
    )

    async def body(_step):
        return (await agent.run("hi")).output

    with pytest.raises(TimeoutError, match=r"The model of agent 'support' gave no answer.*model_config"):
        run(workflow, body)


def test_run_ids_are_the_same_in_a_replay(workflow):
    """IDs that the framework would draw at random come from the instance."""
    agent = agent_of(Script("ok"))
    ids = []

    async def body(_step):
        first, second = await agent.run("hi"), await agent.run("hi")
        ids.append([(r.run_id, r.conversation_id) for r in (first, second)])
        return "ok"

    run(workflow, body)
    run(workflow, body)

    assert ids[0] == ids[1]
    assert [run_id for run_id, _ in ids[0]] == ["i-1:support:1", "i-1:support:2"]


def test_deadline_counts_from_the_first_start(workflow):
    """A run with a timeout records when it began."""
    agent = agent_of(Script("ok"))

    async def body(_step):
        return (await agent.run("hi", timeout=60)).output

    run(workflow, body)
    start = workflow.log["support__run_start_time:i-1:support:1-1"]
    run(workflow, body)

    assert workflow.log["support__run_start_time:i-1:support:1-1"] == start


language: ContextVar[str] = ContextVar("language", default="en")


def test_context_variables_reach_the_step(workflow):
    """What `run()` has set is set in tools too, although JavaScript calls them."""

    def speak() -> str:
        return language.get()

    agent = agent_of(Script([call("speak")], "ok"), speak)

    async def body(_step):
        language.set("fr")
        result = await agent.run("hi")
        return [p.content for m in result.all_messages() for p in m.parts if p.part_kind == "tool-return"]

    assert run(workflow, body) == ["fr"]


def test_dependencies_reach_the_tool(workflow):
    """`deps` are passed as they are: they cross no boundary."""

    def who(ctx: RunContext[dict[str, str]]) -> str:
        return ctx.deps["user"]

    agent = Agent(
        Script([call("who")], "ok").model,
        name="support",
        deps_type=dict,
        tools=[who],
        capabilities=[WorkflowsDurability()],
    )

    async def body(_step):
        result = await agent.run("hi", deps={"user": "Ada", "connection": Unknown()})
        return [p.content for m in result.all_messages() for p in m.parts if p.part_kind == "tool-return"]

    assert run(workflow, body) == ["Ada"]


def test_dynamic_toolset(workflow):
    """A toolset that a function makes for each run: its discovery is a step, and so are its calls."""

    def shop(_ctx: RunContext[object]) -> FunctionToolset:
        toolset = FunctionToolset(id="inner")
        toolset.add_function(lambda: "bought", name="buy")
        return toolset

    agent = Agent(
        Script([call("buy")], "ok").model,
        name="support",
        toolsets=[DynamicToolset(shop, id="shop")],
        capabilities=[WorkflowsDurability()],
    )

    async def body(_step):
        return (await agent.run("hi")).output

    assert run(workflow, body) == "ok"
    assert workflow.steps[0] == "support__dynamic_toolset__shop.get_tools-1"
    assert "support__dynamic_toolset__shop.call_tool:buy-1" in workflow.steps


class Audit(AbstractCapability):
    """A capability with an operation of its own."""

    id = "audit"

    def __init__(self) -> None:
        self.recorded = 0

    @durable_operation(name="record")
    async def record(self, ctx: RunContext, message: str) -> str:
        self.recorded += 1
        return message.upper()

    async def before_run(self, ctx: RunContext) -> None:
        await self.record(ctx, "begun")


def test_operation_of_a_capability(workflow):
    """`@durable_operation` of another capability is a step too."""
    audit = Audit()
    agent = Agent(Script("ok").model, name="support", capabilities=[WorkflowsDurability(), audit])

    async def body(_step):
        return (await agent.run("hi")).output

    run(workflow, body)
    run(workflow, body)

    assert audit.recorded == 1
    assert workflow.steps[0] == "support__capability__audit.record-1"


def test_work_between_steps_is_repeated(workflow):
    """The code of `run()` is replayed, the steps are not: this is what durable means here."""
    passes = []
    script = Script("ok")
    agent = agent_of(script)
    workflow.crash_after = {"support__model.request"}

    async def body(_step):
        passes.append(1)
        return (await agent.run("hi")).output

    assert run(workflow, body) == "ok"
    assert (len(passes), script.requests) == (2, 1)
