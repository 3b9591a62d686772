"""The nodes of the graph, and what is left out of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .values import Node

STEPS = {"step_do", "step_sleep", "step_sleep_until", "step_wait_for_event"}
"""The types of nodes that an instance runs as steps."""
LEAVES = STEPS | {"function_call"}
"""The types of nodes that can begin and end at different places."""
BLOCKS = ("try_block", "catch_block", "finally_block")


def children(node: Node) -> Iterator[list[Node]]:
    """The lists of nodes inside *node*."""
    if "nodes" in node:
        yield node["nodes"]
    for branch in node.get("branches", ()):
        yield branch["nodes"]
    for key in BLOCKS:
        if node.get(key):
            yield node[key]["nodes"]


def leaves(nodes: list[Node]) -> Iterator[Node]:
    """The steps and calls among *nodes*, inside containers too but not inside steps."""
    for node in nodes:
        if node["type"] in LEAVES:
            yield node
        else:
            for inside in children(node):
                yield from leaves(inside)


def first_leaves(nodes: list[Node]) -> list[Node]:
    """The leaves of *nodes* that can begin first."""
    return _outer(nodes, last=False)


def last_leaves(nodes: list[Node]) -> list[Node]:
    """The leaves of *nodes* that can end last."""
    return _outer(nodes, last=True)


def _outer(nodes: list[Node], *, last: bool) -> list[Node]:
    for node in reversed(nodes) if last else nodes:
        if node["type"] in LEAVES:
            return [node]
        found = [leaf for inside in children(node) for leaf in _outer(inside, last=last)]
        if node["type"] == "parallel":
            found = [leaf for each in node["nodes"] for leaf in _outer([each], last=last)]
        if found:
            return found
    return []


def as_one(nodes: list[Node]) -> Node:
    """*nodes* as one node: a block where there are several."""
    return nodes[0] if len(nodes) == 1 else {"type": "block", "nodes": nodes}


def has_content(nodes: list[Node]) -> bool:
    """Whether *nodes* have a step or a call."""
    return next(leaves(nodes), None) is not None


def tidy_function(nodes: list[Node]) -> list[Node]:
    """The nodes of a function body without those that say nothing: an end at the end, and what has no step."""
    # A function that calls itself has no step for that alone.
    if all("recursive" in leaf for leaf in leaves(nodes)):
        return []
    nodes = tidy(nodes)
    while nodes and not has_content(nodes[-1:]):
        nodes.pop()
    return nodes


def tidy(nodes: list[Node]) -> list[Node]:
    """*nodes* without containers that have neither a step nor a way out, and without what cannot be reached."""
    kept: list[Node] = []
    for index, node in enumerate(nodes):
        if node["type"] in {"continue", "stop"}:
            break
        if node["type"] == "if" and (rest := _divert(node, nodes[index + 1 :])) is not None:
            return kept + [each for each in [_tidy_node(node)] if each] + rest
        tidied = _tidy_node(node)
        if tidied is None:
            continue
        kept.append(tidied)
        if node["type"] == "break":
            break
    return kept


def _divert(node: Node, rest: list[Node]) -> list[Node] | None:
    """
    Move what follows a ``continue`` in a branch into the branches that go on.

    Returns:
        What is left after *node*; None if no branch ends with ``continue``.
    """
    branches = node["branches"]
    cut = [branch for branch in branches if branch["nodes"] and branch["nodes"][-1]["type"] == "continue"]
    if not cut:
        return None
    for branch in cut:
        branch["nodes"].pop()
    going_on = [branch for branch in branches if not any(branch is each for each in cut)]
    if all(branch["condition"] is not None for branch in branches):
        branches.append({"condition": None, "nodes": []})
        going_on.append(branches[-1])
    if len(going_on) == 1:
        going_on[0]["nodes"] += rest
        return []
    return tidy(rest)


def _tidy_node(node: Node) -> Node | None:
    """*node* with its insides tidied; None if it says nothing."""
    kind = node["type"]
    if kind in LEAVES or kind == "break":
        return node
    if "nodes" in node:
        node["nodes"] = tidy(node["nodes"])
    for branch in node.get("branches", ()):
        branch["nodes"] = tidy(branch["nodes"])
    for key in BLOCKS:
        if node.get(key):
            node[key]["nodes"] = tidy(node[key]["nodes"])
            if not node[key]["nodes"]:
                node[key] = None
    if not _says_something(node):
        return None
    if kind in {"if", "switch"}:
        while len(node["branches"]) > 1 and not node["branches"][-1]["nodes"]:
            node["branches"].pop()
    return node


def _says_something(node: Node) -> bool:
    inside = [each for nodes in children(node) for each in nodes]
    if node["type"] == "loop":
        # A break leaves no more than this loop.
        return has_content(inside) or _returns(inside)
    if node["type"] == "parallel":
        return has_content(inside)
    return bool(inside)


def _returns(nodes: list[Node]) -> bool:
    return any(
        node.get("kind") == "return" if node["type"] == "break" else any(map(_returns, children(node)))
        for node in nodes
    )
