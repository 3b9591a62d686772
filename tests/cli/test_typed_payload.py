"""A workflow whose `run` says what its payload is."""

from __future__ import annotations

import json

import pytest

FLOW = """
    from __future__ import annotations
    from dataclasses import dataclass
    from typing import TYPE_CHECKING
    from workers import WorkflowEntrypoint
    if TYPE_CHECKING:
        from workers import WorkflowEvent


    @dataclass
    class Order:
        items: list[str]
        express: bool = False


    class OrderWorkflow(WorkflowEntrypoint):
        async def run(self, event: WorkflowEvent[Order], step):
            order = event["payload"]
            return [type(order).__name__, order.items, order.express]


    class Parent(WorkflowEntrypoint):
        async def run(self, event, step):
            try:
                await self.env.ORDER_WORKFLOW.create(params={"items": [1]})
            except Exception as error:
                return str(error)
"""


@pytest.fixture
def flow(place):
    return place.write("flow.py", FLOW)


@pytest.mark.parametrize("runtime", ["pyodide", "cpython"])
def test_payload(place, flow, runtime):
    """`run` gets an object of its type."""
    params = json.dumps({"items": ["tea"]})
    done = place.run("run", "flow.py:OrderWorkflow", "--params", params, "--quiet", "--runtime", runtime)

    assert (0, ["Order", ["tea"], False]) == (done.code, done.json), done.err


def test_refused_at_creation(place, flow):
    """A payload that does not fit makes no instance, and the path of what is wrong is named."""
    done = place.run("run", "flow.py:OrderWorkflow", "--params", '{"items": ["tea", 3]}', "--id", "x")

    assert done.code == 2, done.err
    assert "payload.items[1]: expected string, received number." in done.err
    listed = place.run("workflows", "instances", "describe", "OrderWorkflow", "x")
    assert "has no instance 'x'" in listed.err


def test_refused_by_another_workflow(place, flow):
    """A workflow that creates another one is refused in the same words."""
    done = place.run("run", "flow.py:Parent", "--quiet")

    assert "payload.items[0]: expected string, received number." in done.json
