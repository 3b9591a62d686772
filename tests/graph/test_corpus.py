"""Every workflow of the corpus has the graph that is stored for it."""

import pytest
from graph_flows import expected, flow_files, reader, without_places

from workflow_graph import build_graph, workflow_classes

FILES = flow_files()
FLOWS = [(file, name) for file in sorted(FILES) for name in workflow_classes(reader(FILES), file)]


@pytest.mark.parametrize(("file", "name"), FLOWS, ids=lambda value: value.removesuffix(".py"))
def test_expected_graph(file, name):
    """The graph of a workflow is the stored one."""
    graph = build_graph(reader(FILES), file, name)

    assert expected(file)[name] == without_places(graph)


def test_corpus_is_whole():
    """The corpus has 60 workflows and more, and no graph is stored for one that is gone."""
    stored = [(file, name) for file in sorted({file for file, _ in FLOWS}) for name in expected(file)]

    assert len(FLOWS) >= 60
    assert sorted(FLOWS) == sorted(stored)
