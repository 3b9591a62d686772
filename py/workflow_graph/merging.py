"""What several calls of one function have in common."""

from __future__ import annotations

import re
from itertools import takewhile
from typing import TYPE_CHECKING

from .nodes import BLOCKS
from .values import HOLE

if TYPE_CHECKING:
    from .values import Node

MARK = "\0"
"""Stands for a hole while texts are compared."""


def merge(name: str, known: list[Node], new: list[Node], line: int) -> list[Node]:
    """
    The nodes of a function, of which one call runs *known* and another one runs *new*.

    Texts that differ have a hole. Calls that differ in more, as where a function is handed a function, are branches.
    """
    if len(known) == 1 and known[0].get("discriminant") == f"call of {name}":
        for branch in known[0]["branches"]:
            if _is_alike(branch["nodes"], new):
                branch["nodes"] = _merge_all(branch["nodes"], new)
                return known
        known[0]["branches"].append({"condition": f"line {line}", "nodes": new})
        return known
    if _is_alike(known, new):
        return _merge_all(known, new)
    branches = [{"condition": None, "nodes": known}, {"condition": f"line {line}", "nodes": new}]
    return [{"type": "switch", "discriminant": f"call of {name}", "branches": branches}]


def _is_alike(left: list[Node], right: list[Node]) -> bool:
    """Whether the two have the same types of nodes in the same places."""
    return [_shape(node) for node in left] == [_shape(node) for node in right]


def _shape(node: Node) -> object:
    inside = [_shape(each) for each in node.get("nodes", ())]
    branches = [[_shape(each) for each in branch["nodes"]] for branch in node.get("branches", ())]
    blocks = [_shape(node[key]) if node.get(key) else None for key in BLOCKS]
    called = node["name"] if node["type"] == "function_call" else None
    return node["type"], node.get("kind"), called, inside, branches, blocks


def _merge_all(left: list[Node], right: list[Node]) -> list[Node]:
    return [_merge_node(one, other) for one, other in zip(left, right, strict=True)]


def _merge_node(left: Node, right: Node) -> Node:
    merged = dict(left)
    if "name" in left and left["name"] != right["name"]:
        merged |= {"name": merge_texts(left["name"], right["name"]), "dynamic": True}
    if "nodes" in left:
        merged["nodes"] = _merge_all(left["nodes"], right["nodes"])
    if "branches" in left:
        pairs = zip(left["branches"], right["branches"], strict=True)
        merged["branches"] = [{**one, "nodes": _merge_all(one["nodes"], other["nodes"])} for one, other in pairs]
    for key in BLOCKS:
        if left.get(key):
            merged[key] = _merge_node(left[key], right[key])
    return merged


def merge_texts(left: str, right: str) -> str:
    """What the two have in common at both ends, in whole words, with a hole between."""
    left, right = left.replace(HOLE, MARK), right.replace(HOLE, MARK)
    start = _whole_words(_common_start(left, right))
    left, right = left[len(start) :], right[len(start) :]
    end = _whole_words(_common_start(left[::-1], right[::-1]))[::-1]
    return re.sub(f"{MARK}+", lambda _: HOLE, f"{start}{MARK}{end}")


def _whole_words(text: str) -> str:
    """*text* up to its last character that is not of a word."""
    return re.sub(r"\w+$", "", text)


def _common_start(left: str, right: str) -> str:
    return "".join(one for one, _ in takewhile(lambda pair: pair[0] == pair[1], zip(left, right, strict=False)))
