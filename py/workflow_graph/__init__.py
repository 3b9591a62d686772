"""
The graph of a Python workflow, read from its source without running it.

The standard library is all that this needs, so that a guest, a page and the command line can share it.
"""

from .mapping import node_at, node_of_step
from .workflow import build_graph, workflow_classes

__all__ = ["build_graph", "node_at", "node_of_step", "workflow_classes"]
