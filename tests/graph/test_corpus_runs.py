"""500 random runs of the corpus: every step that is executed belongs to a node of its own kind."""

import random
import sys
import types

import corpus_runs
import pytest
from graph_flows import flow_files, reader

from workflow_graph import build_graph, node_at, node_of_step, workflow_classes

FILES = flow_files()
FLOWS = [(file, name) for file in sorted(FILES) for name in workflow_classes(reader(FILES), file)]
RUNS = 8
TYPES = {"do": {"step_do"}, "sleep": {"step_sleep", "step_sleep_until"}, "waitForEvent": {"step_wait_for_event"}}


@pytest.fixture(scope="module")
def corpus():
    """The graphs of the corpus, and a function that gives its classes."""
    # Before anything runs: Python 3.11 cannot parse while it throws coroutines away.
    graphs = {flow: build_graph(reader(FILES), *flow) for flow in FLOWS}
    workers, workflows = types.ModuleType("workers"), types.ModuleType("workers.workflows")
    workers.WorkflowEntrypoint = type("WorkflowEntrypoint", (), {})
    workflows.NonRetryableError = type("NonRetryableError", (Exception,), {})
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "workers", workers)
        patch.setitem(sys.modules, "workers.workflows", workflows)
        for path in FILES:
            # `load` puts them there, and they are gone afterwards.
            patch.setitem(sys.modules, path.removesuffix(".py"), types.ModuleType("none"))
        yield graphs, corpus_runs.load(FILES)


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
@pytest.mark.parametrize(("file", "name"), FLOWS, ids=lambda value: value.removesuffix(".py"))
def test_every_step_has_a_node(corpus, file, name):
    """Every step that random runs of a workflow execute belongs to a node of its graph."""
    graphs, class_of = corpus
    graph = graphs[file, name]
    executed = [step for seed in range(RUNS) for step in corpus_runs.execute(class_of(file, name), random.Random(seed))]

    missing = set()
    for kind, step, count in executed:
        place = node_of_step(graph, step, count, kind)
        if place is None or node_at(graph, place)["type"] not in TYPES[kind]:
            missing.add((kind, step, count))

    assert executed
    assert set() == missing


def test_there_are_500_runs():
    """The corpus is run so often."""
    assert len(FLOWS) * RUNS >= 500
