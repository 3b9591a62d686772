"""The LangGraph example's checkpointer against LangGraph's own conformance suite."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest
from fake_workflow import FakeStep, FakeWorkflow

EXAMPLES = Path(__file__).parents[2] / "examples" / "agents"
sys.path.append(str(EXAMPLES))

from langgraph.checkpoint.conformance import checkpointer_test, validate  # noqa: E402
from langgraph.graph import END, START, StateGraph  # noqa: E402
from langgraph_steps import StepSaver, as_step  # noqa: E402


@pytest.mark.filterwarnings("default")
def test_conformance(tmp_path):
    """All that a checkpointer may support, with each operation in a step."""
    files = iter(range(100))

    @checkpointer_test(name="StepSaver")
    async def step_saver():
        yield StepSaver(FakeStep(FakeWorkflow()), tmp_path / f"{next(files)}.sqlite")

    report = asyncio.run(validate(step_saver))

    failures = {name: result.failures for name, result in report.results.items() if not result.passed}
    assert failures == {}
    assert report.passed_all()
    assert sum(result.tests_passed for result in report.results.values()) == 81


@pytest.mark.parametrize("crash", ["node add", "langgraph put", "langgraph put_writes", "langgraph get_tuple"])
def test_crash(workflow, tmp_path, crash):
    """After a crash no node runs again, and the thread has one history."""
    workflow.crash_after = {crash}
    ran = []

    async def add(state):
        ran.append(state["n"])
        return {"n": state["n"] + 1}

    async def double(state):
        ran.append(state["n"])
        return {"n": state["n"] * 2}

    async def body(_event, step):
        graph = StateGraph(dict)
        graph.add_node("add", as_step(step, add))
        graph.add_node("double", as_step(step, double))
        graph.add_edge(START, "add")
        graph.add_edge("add", "double")
        graph.add_edge("double", END)
        compiled = graph.compile(checkpointer=StepSaver(step, tmp_path / "threads.sqlite"))
        config = {"configurable": {"thread_id": "t"}}
        found = await compiled.ainvoke({"n": 1}, config)
        history = [state async for state in compiled.aget_state_history(config)]
        parents = {state.config["configurable"]["checkpoint_id"] for state in history}
        known = [state.parent_config["configurable"]["checkpoint_id"] in parents for state in history[:-1]]
        return [found["n"], len(history), all(known)]

    assert asyncio.run(workflow.run_through_crashes(body)) == [4, 4, True]
    assert ran == [1, 2]
