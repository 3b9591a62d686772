"""Tools of an MCP server: its discovery and its calls are steps."""

from __future__ import annotations

import pytest
from fake_workflow import FakeWorkflow
from scripted_agents import Script, call, run

fastmcp = pytest.importorskip("fastmcp")
from pydantic_ai import Agent, ModelRetry  # noqa: E402
from pydantic_ai.capabilities import Capability, DynamicCapability, SetToolMetadata, Toolset  # noqa: E402
from pydantic_ai.exceptions import UserError  # noqa: E402
from pydantic_ai.mcp import MCPToolset  # noqa: E402

from workers_pydantic_ai import WorkflowsDurability  # noqa: E402

SERVER = "support__mcp_server__shop"


class Shop:
    """An MCP server, and agents that use it."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.server = fastmcp.FastMCP("shop", instructions="Sell tea.")
        self.server.tool(self.stock)

    def stock(self, item: str) -> int:
        self.asked.append(item)
        return 3

    def toolset(self, **options) -> MCPToolset:
        return MCPToolset(self.server, id="shop", **options)

    def agent(self, *capabilities, answers=None, toolsets=(), **options) -> Agent:
        return Agent(
            Script(*(answers or ([call("stock", item="tea")], "ok"))).model,
            name="support",
            toolsets=toolsets,
            capabilities=[*capabilities, WorkflowsDurability(**options)],
        )


@pytest.fixture
def shop() -> Shop:
    return Shop()


def output_of(workflow, agent: Agent):
    async def body(_step):
        return (await agent.run("hi")).output

    return run(workflow, body)


def test_mcp_toolset(workflow, shop):
    """The server is asked once, and connected to from inside steps; its retries are configured apart."""
    calls = [call("stock", "a", item="tea"), call("stock", "b", item="milk")]
    agent = shop.agent(answers=(calls, "ok"), toolsets=[shop.toolset()], mcp_config={"retries": {"limit": 1}})
    workflow.crash_after = {f"{SERVER}.get_tools", f"{SERVER}.call_tool:stock"}

    assert output_of(workflow, agent) == "ok"
    # The other call may have been under way when the process was ended: it is made again.
    assert (1, {"milk", "tea"}) == (shop.asked.count("tea"), set(shop.asked))
    steps = {step for step in workflow.steps if "mcp_server" in step}
    assert {f"{SERVER}.get_tools-1", f"{SERVER}.call_tool:stock-1", f"{SERVER}.call_tool:stock (2)-1"} <= steps
    assert workflow.configs[f"{SERVER}.call_tool:stock"] == {"retries": {"limit": 1}}


def test_each_run_asks_for_the_tools(workflow, shop):
    """Discovery is recorded for each run, with the server's instructions where they are wanted."""
    agent = shop.agent(toolsets=[shop.toolset(include_instructions=True)])

    async def body(_step):
        return [(await agent.run("hi")).all_messages()[0].instructions for _ in range(2)]

    assert run(workflow, body) == ["Sell tea.", "Sell tea."]
    assert {f"{SERVER}.get_tools-1", "support#2__mcp_server__shop.get_tools-1"} <= set(workflow.steps)


def test_retry_of_the_model_is_no_failed_attempt(workflow, shop):
    """What a hook around the call asks the model for is a result of the step."""
    workflow.limit = 3

    async def process(_ctx, call_tool, name, arguments):
        await call_tool(name, arguments)
        if len(shop.asked) == 1:
            raise ModelRetry("ask again")
        return "enough"

    answers = ([call("stock", "a", item="tea")], [call("stock", "b", item="milk")], "ok")
    agent = shop.agent(answers=answers, toolsets=[shop.toolset(process_tool_call=process)])

    assert output_of(workflow, agent) == "ok"
    assert shop.asked == ["tea", "milk"]


def test_enqueue_in_a_call(workflow, shop):
    """A replay could not repeat it."""

    async def process(ctx, call_tool, name, arguments):
        ctx.enqueue("later")
        return await call_tool(name, arguments)

    with pytest.raises(UserError, match="enqueued messages would be dropped"):
        output_of(workflow, shop.agent(toolsets=[shop.toolset(process_tool_call=process)]))


def test_metadata(workflow, shop):
    """Tools of a server are configured by their metadata too, and cannot do without a step."""
    configured = shop.agent(SetToolMetadata(workflows={"timeout": "3 seconds"}), toolsets=[shop.toolset()])
    assert output_of(workflow, configured) == "ok"
    assert workflow.configs[f"{SERVER}.call_tool:stock"] == {"timeout": "3 seconds"}

    inline = shop.agent(SetToolMetadata(workflows=False), toolsets=[shop.toolset()])
    with pytest.raises(UserError, match="MCP tools perform I/O and cannot run outside a durable step"):
        output_of(FakeWorkflow(), inline)


def test_toolsets_of_capabilities(workflow, shop):
    """Of a capability, and of one that is made for each run."""
    contributed = shop.agent(Toolset(shop.toolset()))
    assert output_of(workflow, contributed) == "ok"
    assert f"{SERVER}.call_tool:stock-1" in workflow.steps

    later = FakeWorkflow()
    made = shop.agent(DynamicCapability(lambda _ctx: Capability(toolsets=[shop.toolset()]), id="made"))
    assert output_of(later, made) == "ok"
    prefix = "support__dynamic_toolset__made"
    assert {f"{prefix}.get_tools-1", f"{prefix}.call_tool:stock-1"} <= set(later.steps)


@pytest.mark.parametrize("toolsets", [["none"], ["shop", "shop"]])
def test_ids(shop, toolsets):
    """Steps need an ID of the server that stays, and that no other server has."""
    made = [MCPToolset(shop.server, id=None if name == "none" else name) for name in toolsets]

    with pytest.raises(UserError, match=r"unique `id`|same `id` 'shop'"):
        shop.agent(toolsets=made)
