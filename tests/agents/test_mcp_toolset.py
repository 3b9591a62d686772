"""Tools of an MCP server: its discovery and its calls are steps."""

from __future__ import annotations

import pytest
from scripted_agents import Script, call, run

fastmcp = pytest.importorskip("fastmcp")
from pydantic_ai import Agent  # noqa: E402
from pydantic_ai.mcp import MCPToolset  # noqa: E402

from workers_pydantic_ai import WorkflowsDurability  # noqa: E402


def test_mcp_toolset(workflow):
    """The server is asked once, and connected to from inside steps; its retries are configured apart."""
    calls = []
    server = fastmcp.FastMCP("shop")

    @server.tool
    def stock(item: str) -> int:
        calls.append(item)
        return 3

    agent = Agent(
        Script([call("stock", "a", item="tea"), call("stock", "b", item="milk")], "ok").model,
        name="support",
        toolsets=[MCPToolset(server, id="shop")],
        capabilities=[WorkflowsDurability(mcp_config={"retries": {"limit": 1}})],
    )
    workflow.crash_after = {"support__mcp_server__shop.get_tools", "support__mcp_server__shop.call_tool:stock"}

    async def body(_step):
        return (await agent.run("hi")).output

    assert run(workflow, body) == "ok"
    # The other call may have been under way when the process was ended: it is made again.
    assert (1, {"milk", "tea"}) == (calls.count("tea"), set(calls))
    steps = [step for step in workflow.steps if "mcp_server" in step]
    assert "support__mcp_server__shop.get_tools-1" in steps
    assert {"support__mcp_server__shop.call_tool:stock-1", "support__mcp_server__shop.call_tool:stock (2)-1"} < set(
        steps
    )
    assert workflow.configs["support__mcp_server__shop.call_tool:stock"] == {"retries": {"limit": 1}}
