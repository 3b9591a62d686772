"""Conditions as the source has them."""

from __future__ import annotations

import ast

LONGEST_SOURCE = 200
"""Characters of a condition that are kept."""


def source(node: ast.AST) -> str:
    """The text of *node* on one line, cut where it is long."""
    try:
        text = " ".join(ast.unparse(node).split())
    except RecursionError:
        text = "..."
    return text if len(text) <= LONGEST_SOURCE else f"{text[: LONGEST_SOURCE - 1]}…"
