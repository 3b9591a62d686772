"""Random programs, run without an engine: every step that is executed belongs to a node of its own kind."""

import asyncio
import os
import random
import sys
import types

import pytest
from graph_flows import reader
from random_programs import Program, RecordingStep

from workflow_graph import build_graph, node_at, node_of_step

PROGRAMS = int(os.environ.get("STEPWELL_GRAPH_PROGRAMS", "60"))
RUNS = 6
TYPES = {"do": {"step_do"}, "sleep": {"step_sleep"}, "waitForEvent": {"step_wait_for_event"}}


@pytest.fixture
def workers(monkeypatch):
    """What a program imports."""
    module = types.ModuleType("workers")
    module.WorkflowEntrypoint = object
    monkeypatch.setitem(sys.modules, "workers", module)


def execute(source, seed):
    """The steps of one run."""
    names = {}
    exec(compile(source, "main.py", "exec"), names)
    choices = random.Random(seed)
    step = RecordingStep()

    async def run():
        # A run that fails has executed steps, too.
        try:
            await names["Flow"]().run({"payload": lambda: choices.random() < 0.5}, step)
        except* ValueError:
            pass
        # Siblings of what failed go on.
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*others, return_exceptions=True)

    asyncio.run(run())
    return step.executed


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
@pytest.mark.parametrize("seed", range(PROGRAMS))
def test_every_step_has_a_node(workers, seed):
    """Every step that a random program executes belongs to a node of its graph."""
    source = Program(random.Random(seed)).source()
    graph = build_graph(reader({"main.py": source}), "main.py", "Flow")

    missing = set()
    for run in range(RUNS):
        for kind, name, count in execute(source, run):
            place = node_of_step(graph, name, count, kind)
            if place is None or node_at(graph, place)["type"] not in TYPES[kind]:
                missing.add((kind, name, count))

    assert set() == missing, source
