"""The lines at which the keys of a JSON or TOML text stand."""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING, Any

from tree_sitter import Language, Parser

if TYPE_CHECKING:
    from tree_sitter import Node

Keys = tuple[str | int, ...]
"""The way from the whole text to a value: keys of objects and numbers of array elements."""


def json_lines(text: str) -> dict[Keys, int]:
    """The line of each key and element of a JSON text without comments."""
    import tree_sitter_json  # noqa: PLC0415 - one language is enough

    lines: dict[Keys, int] = {}
    for value in _parse(tree_sitter_json.language(), text).named_children:
        _walk(value, (), lines)
    return lines


def toml_lines(text: str) -> dict[Keys, int]:
    """The line of each key and element of a TOML text."""
    import tree_sitter_toml  # noqa: PLC0415 - one language is enough

    lines: dict[Keys, int] = {}
    counts: dict[Keys, int] = {}
    """How many elements each array of tables has so far."""
    for node in _parse(tree_sitter_toml.language(), text).named_children:
        if node.type == "pair":
            _pair(node, (), lines)
            continue
        if node.type not in {"table", "table_array_element"}:
            continue
        head, *pairs = node.named_children
        keys = _element(_toml_keys(head), counts, begins=node.type == "table_array_element")
        lines.setdefault(keys, _line(node))
        if node.type == "table_array_element":
            lines.setdefault(keys[:-1], _line(node))
        for pair in pairs:
            if pair.type == "pair":
                _pair(pair, keys, lines)
    return lines


def _parse(language: Any, text: str) -> Node:  # noqa: ANN401 - a pointer of the parser's own
    return Parser(Language(language)).parse(text.encode()).root_node


def _line(node: Node) -> int:
    return int(node.start_point[0]) + 1


def _walk(value: Node, keys: Keys, lines: dict[Keys, int]) -> None:
    if value.type in {"object", "inline_table"}:
        for pair in value.named_children:
            if pair.type == "pair":
                _pair(pair, keys, lines)
    elif value.type == "array":
        elements = [child for child in value.named_children if child.type != "comment"]
        for index, element in enumerate(elements):
            lines[*keys, index] = _line(element)
            _walk(element, (*keys, index), lines)


def _pair(pair: Node, keys: Keys, lines: dict[Keys, int]) -> None:
    if len(pair.named_children) < 2:  # noqa: PLR2004 - a key and a value
        return
    key, value = pair.named_children[0], pair.named_children[-1]
    own = (*keys, *_toml_keys(key)) if key.type.endswith("key") else (*keys, _text_of(key, json.loads))
    for end in range(len(keys) + 1, len(own)):
        lines.setdefault(own[:end], _line(pair))
    lines[own] = _line(pair)
    _walk(value, own, lines)


def _toml_keys(node: Node) -> Keys:
    if node.type == "dotted_key":
        return tuple(key for child in node.named_children for key in _toml_keys(child))
    if node.type == "quoted_key":
        return (_text_of(node, lambda text: tomllib.loads(f"key = {text}")["key"]),)
    return (_text_of(node, str),)


def _text_of(node: Node, decode: Any) -> str:  # noqa: ANN401 - a function from text
    return str(decode((node.text or b"").decode()))


def _element(keys: Keys, counts: dict[Keys, int], *, begins: bool) -> Keys:
    """*keys* with the number of the current element after each array of tables; the last one *begins* an element."""
    found: Keys = ()
    for position, key in enumerate(keys):
        found = (*found, key)
        last = position == len(keys) - 1
        if begins and last:
            counts[found] = counts.get(found, 0) + 1
        if found in counts and (begins or not last):
            found = (*found, counts[found] - 1)
    return found
