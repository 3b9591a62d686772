"""
Finds code between steps that a replay need not repeat.

It asks for the time, for chance or for the environment, or uses the order of a set. Python tells of each call that user
code makes, and of each line that iterates over a set: nothing is replaced. For tests, because it takes time.
"""

from __future__ import annotations

import ast
import os
import random
import secrets
import sys
import time
import uuid
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from _workflows_bridge.origin import origin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import CodeType

    Report = Callable[[int, str, str, str, int], object]
    """Takes a pass, the kind of what was found, what it is, and its file and line."""

_TOOL = 4
_CLOCKS: tuple[Any, ...] = (
    time.time,
    time.time_ns,
    time.monotonic,
    time.monotonic_ns,
    time.perf_counter,
    time.perf_counter_ns,
    time.localtime,
    time.gmtime,
)
_DATES = frozenset({"now", "utcnow", "today"})
_CHANCE: tuple[Any, ...] = (
    os.urandom,
    uuid.uuid1,
    uuid.uuid4,
    secrets.choice,
    secrets.randbelow,
    secrets.token_bytes,
    secrets.token_hex,
    secrets.token_urlsafe,
)
_FUNCTIONS = {"clock": _CLOCKS, "chance": _CHANCE, "environment": (os.getenv,)}
_GENERATOR = vars(random)["_inst"]
"""What the functions of the module draw from."""
_ORDERED: tuple[Any, ...] = (list, tuple, iter, enumerate, dict.fromkeys)


def install(root: str, report: Report) -> None:
    """Look at the code under *root* from now on. Pythons that cannot tell of calls find nothing."""
    monitoring = getattr(sys, "monitoring", None)
    if monitoring is None or monitoring.get_tool(_TOOL) is not None:
        return
    checks = _Checks(root, report, monitoring)
    monitoring.use_tool_id(_TOOL, "stepwell determinism")
    monitoring.register_callback(_TOOL, monitoring.events.CALL, checks.on_call)
    monitoring.register_callback(_TOOL, monitoring.events.LINE, checks.on_line)
    monitoring.register_callback(_TOOL, monitoring.events.PY_START, checks.on_environment)
    monitoring.set_events(_TOOL, monitoring.events.CALL | monitoring.events.LINE)
    monitoring.set_local_events(_TOOL, type(os.environ).__getitem__.__code__, monitoring.events.PY_START)


class _Checks:
    def __init__(self, root: str, report: Report, monitoring: Any) -> None:  # noqa: ANN401 - a module of newer Pythons
        self._root = f"{root}/"
        self._report = report
        self._disable = monitoring.DISABLE
        self._set_lines: dict[str, set[int]] = {}

    def on_call(self, code: CodeType, offset: int, function: object, first: object) -> object:
        """User code calls *function*."""
        if not code.co_filename.startswith(self._root):
            return self._disable
        pass_ = _pass_between_steps()
        if pass_ is not None and (found := _kind_of(function, first)):
            self._report(pass_, *found, code.co_filename, _line_of(code, offset))
        return None

    def on_line(self, code: CodeType, line: int) -> object:
        """User code comes to *line*."""
        if not code.co_filename.startswith(self._root) or line not in self._lines_with_sets(code.co_filename):
            return self._disable
        pass_ = _pass_between_steps()
        if pass_ is not None:
            self._report(pass_, "order", "a set that is iterated over", code.co_filename, line)
        return None

    def on_environment(self, _code: CodeType, _offset: int) -> object:
        """Code has asked for a variable of the environment."""
        frame = sys._getframe(1).f_back  # noqa: SLF001 - there is no other way to know who asks
        pass_ = _pass_between_steps()
        if pass_ is not None and frame is not None and frame.f_code.co_filename.startswith(self._root):
            self._report(pass_, "environment", "os.environ", frame.f_code.co_filename, frame.f_lineno)
        return None

    def _lines_with_sets(self, file: str) -> set[int]:
        if file not in self._set_lines:
            try:
                tree = ast.parse(Path(file).read_text(encoding="utf-8"))
            except (OSError, ValueError, SyntaxError):
                tree = ast.Module([], [])
            self._set_lines[file] = set(_iterated_sets(tree))
        return self._set_lines[file]


def _pass_between_steps() -> int | None:
    found = origin.get()
    return found.session.pass_ if found is not None and found.ref is None else None


def _kind_of(function: Any, first: object) -> tuple[str, str] | None:  # noqa: ANN401 - whatever is called
    owner = getattr(function, "__self__", first)
    name = getattr(function, "__name__", "")
    if name in _DATES and isinstance(owner, type) and issubclass(owner, date):
        return "clock", f"{owner.__name__}.{name}()"
    if owner is _GENERATOR:
        return "chance", f"random.{name}()"
    if owner is os.environ:
        return "environment", "os.environ"
    if isinstance(first, set | frozenset) and function in _ORDERED and _has_loose_order(first):
        return "order", f"{name}() of a set"
    kind = next((kind for kind, functions in _FUNCTIONS.items() if function in functions), None)
    return None if kind is None else (kind, f"{function.__module__ or 'os'}.{name}()")


def _has_loose_order(members: set[Any] | frozenset[Any]) -> bool:
    """Whether the order can be another one in another process: numbers have the same in each."""
    return len(members) > 1 and not all(isinstance(each, int) for each in members)


def _line_of(code: CodeType, offset: int) -> int:
    positions = code.co_positions()
    for index, (line, *_) in enumerate(positions):
        if index * 2 >= offset:
            return line or code.co_firstlineno
    return code.co_firstlineno


def _iterated_sets(tree: ast.AST) -> Iterator[int]:
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Module):
            continue
        names = {
            target.id
            for node in ast.walk(function)
            if isinstance(node, ast.Assign) and _is_set(node.value)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in ast.walk(function):
            if isinstance(node, ast.For | ast.comprehension):
                iterated = node.iter
                if _is_set(iterated) or (isinstance(iterated, ast.Name) and iterated.id in names):
                    yield iterated.lineno


def _is_set(node: ast.expr) -> bool:
    if isinstance(node, ast.SetComp):
        return True
    if isinstance(node, ast.Set):
        return len(node.elts) > 1 and not all(
            isinstance(each, ast.Constant) and type(each.value) is int for each in node.elts
        )
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"set", "frozenset"}
