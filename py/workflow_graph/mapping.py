"""Which node of a graph an executed step belongs to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from .nodes import STEPS
from .values import HOLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .values import Node

KINDS = {
    "do": {"step_do"},
    "rollback": {"step_do"},
    "sleep": {"step_sleep", "step_sleep_until"},
    "waitForEvent": {"step_wait_for_event"},
}
"""The types of nodes for each kind of step."""

Place = tuple["str | int", ...]
"""The keys that lead from ``graph["workflow"]`` to a node."""


def node_of_step(graph: dict[str, Any], name: str, count: int = 1, kind: str | None = None) -> Place | None:
    """
    The place of the node that the step *name* belongs to; None if the graph has none.

    A node with that very name comes before one whose name a run fills in, and a name of which more is known before one
    of which less is. Where several nodes have the name, *count* tells them apart: nodes outside loops run once each, in
    their order. A node for a call of which the source tells nothing stands for the steps that have no other node.

    Args:
        graph: As `build_graph` gives it.
        name: The step's name, without its count.
        count: Which step of that name it is, from 1.
        kind: ``do``, ``sleep``, ``waitForEvent`` or ``rollback``; None for any.
    """
    found: list[tuple[int, Place, bool]] = []
    opaque: Place | None = None
    for place, node, repeats in _nodes(graph["workflow"]):
        if node["type"] in STEPS and (kind is None or node["type"] in KINDS[kind]):
            known = _known(node, name)
            if known is not None:
                found.append((known, place, repeats))
        elif node["type"] == "function_call" and node.get("dynamic") and opaque is None:
            opaque = place
    if not found:
        return opaque
    best = max(known for known, _, _ in found)
    same = [(place, repeats) for known, place, repeats in found if known == best]
    for index, (place, repeats) in enumerate(same, 1):
        if repeats or index == count:
            return place
    return same[-1][0]


def node_at(graph: dict[str, Any], place: Place) -> Node:
    """The node at *place*."""
    found: Any = graph["workflow"]
    for key in place:
        found = found[key]
    node: Node = found
    return node


def _known(node: Node, name: str) -> int | None:
    """How many characters of *name* the node has; None if its name does not fit. The very name has the most."""
    template: str = node["name"]
    if not node.get("dynamic"):
        return len(name) + 1 if template == name else None
    pattern = ".*".join(re.escape(part) for part in template.split(HOLE))
    return len(template.replace(HOLE, "")) if re.fullmatch(pattern, name, re.DOTALL) else None


def _nodes(workflow: dict[str, Any]) -> Iterator[tuple[Place, Node, bool]]:
    """All nodes in the order of the source, with their places, and whether they may run several times."""
    calls: dict[str, int] = {}
    repeated: set[str] = set()
    for _, node, repeats in _inside((), workflow, repeats=False):
        if node["type"] == "function_call":
            calls[node["name"]] = calls.get(node["name"], 0) + 1
            if repeats:
                repeated.add(node["name"])
    for name, definition in workflow["functions"].items():
        for _, node, _ in _inside((), definition, repeats=False):
            if node["type"] == "function_call":
                # How often that is called depends on how often this is.
                repeated.add(node["name"])
        if calls.get(name, 0) > 1:
            repeated.add(name)
    yield from _inside((), workflow, repeats=False)
    for name, definition in workflow["functions"].items():
        yield from _inside(("functions", name), definition, repeats=name in repeated)


def _inside(place: Place, node: Node, *, repeats: bool) -> Iterator[tuple[Place, Node, bool]]:
    for key in ("nodes", "branches"):
        for index, each in enumerate(node.get(key, ())):
            if key == "branches":
                yield from _inside((*place, key, index), each, repeats=repeats)
            else:
                yield (*place, key, index), each, repeats
                # A callback runs once for each attempt.
                inner = repeats or each["type"] in {"loop", "step_do"}
                yield from _inside((*place, key, index), each, repeats=inner)
    for key in ("try_block", "catch_block", "finally_block"):
        if node.get(key):
            yield from _inside((*place, key), node[key], repeats=repeats)
