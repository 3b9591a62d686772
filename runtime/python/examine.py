"""
Looking at source code without running it: what is wrong with it, and which steps it has.

For an editor beside an interpreter. Lines and columns count from 1.
"""

from __future__ import annotations

import json
import warnings
from typing import TYPE_CHECKING, Any

from _stepwell_graph import build_graph

if TYPE_CHECKING:
    from collections.abc import Callable

Problem = dict[str, Any]


def examine(what: str, text: str) -> str:
    """Answer *what*, ``check`` or ``graph``, about *text* (JSON: ``files`` and what else the question needs)."""
    return json.dumps(_QUESTIONS[what](json.loads(text)))


# What is wrong -------------------------------------------------------------------------------------------------------


def _check(given: dict[str, Any]) -> list[Problem]:
    return [
        problem for path, text in given["files"].items() if path.endswith(".py") for problem in _problems_of(path, text)
    ]


def _problems_of(path: str, text: str) -> list[Problem]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            compile(text, path, "exec", dont_inherit=True)
        except SyntaxError as error:
            return [_place(path, error)]
        except (ValueError, RecursionError, MemoryError, OverflowError) as error:
            return [
                {"file": path, "line": 1, "name": type(error).__name__, "message": str(error) or "It is too complex."}
            ]
    return [
        {"file": path, "line": each.lineno, "name": each.category.__name__, "message": str(each.message)}
        for each in caught
        if issubclass(each.category, SyntaxWarning)
    ]


def _place(path: str, error: SyntaxError) -> Problem:
    problem: Problem = {"file": path, "line": error.lineno or 1, "name": type(error).__name__, "message": error.msg}
    for key, value in (("column", error.offset), ("endLine", error.end_lineno), ("endColumn", error.end_offset)):
        if value:
            problem[key] = value
    return problem


# Which steps it has --------------------------------------------------------------------------------------------------


def _graph(given: dict[str, Any]) -> dict[str, Any]:
    return build_graph(given["files"].get, given["main"], given["className"])


_QUESTIONS: dict[str, Callable[[dict[str, Any]], Any]] = {"check": _check, "graph": _graph}
