"""
Looking at source code without running it: what is wrong with it, and which steps it has.

For an editor beside an interpreter. Lines and columns count from 1.
"""

from __future__ import annotations

import ast
import json
import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Problem = dict[str, Any]


def examine(what: str, text: str) -> str:
    """Answer *what*, ``check`` or ``outline``, about *text* (JSON: ``files`` and what else the question needs)."""
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

_CALLS = {"sleep": "sleep", "sleep_until": "sleep", "wait_for_event": "waitForEvent", "do": "do"}
_ALIASES = {"sleepUntil": "sleep_until", "waitForEvent": "wait_for_event"}


def _outline(given: dict[str, Any]) -> dict[str, Any]:
    """The steps of ``run`` of a class, in order of their lines, and what they depend on."""
    run = _find_run(given)
    if run is None:
        return {"nodes": [], "edges": []}
    path, function = run
    steps = list(_steps(function))
    by_name: dict[str, str] = {}
    for step in steps:
        by_name[step["name"]] = step["name"]
        if step["functionName"]:
            by_name.setdefault(step["functionName"], step["name"])
    edges = [
        {"from": by_name[other], "to": step["name"]} for step in steps for other in step["depends"] if other in by_name
    ]
    nodes = {step["name"]: _node(path, step) for step in steps}
    return {"nodes": list(nodes.values()), "edges": edges}


def _node(path: str, step: dict[str, Any]) -> dict[str, Any]:
    shown = {key: step[key] for key in ("name", "kind", "line")}
    extra = {key: step[key] for key in ("functionName", "concurrent") if step[key]}
    return {"file": path, **shown, **extra}


def _find_run(given: dict[str, Any]) -> tuple[str, ast.AsyncFunctionDef | ast.FunctionDef] | None:
    main = given["main"]
    # An imported class counts too; the main file comes first.
    for path in sorted(given["files"], key=lambda path: path != main):
        try:
            tree = ast.parse(given["files"][path]) if path.endswith(".py") else ast.Module([], [])
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and node.name == given["className"]:
                for each in node.body:
                    if isinstance(each, ast.AsyncFunctionDef | ast.FunctionDef) and each.name == "run":
                        return path, each
    return None


def _steps(run: ast.AsyncFunctionDef | ast.FunctionDef) -> Iterator[dict[str, Any]]:
    arguments = [*run.args.posonlyargs, *run.args.args]
    step = arguments[2].arg if len(arguments) > 2 else "step"  # noqa: PLR2004 - self, event, step
    decorators = set()
    for node in sorted(_within(run), key=lambda node: (node.lineno, node.col_offset)):
        if isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef):
            for decorator in node.decorator_list:
                call = decorator if isinstance(decorator, ast.Call) else None
                if _method(call.func if call else decorator, step) == "do":
                    decorators.add(call)
                    yield _decorated(node, call)
        elif isinstance(node, ast.Call) and node not in decorators and (method := _method(node.func, step)):
            name = _text(_argument(node, 0, "name"))
            if name is not None:
                yield _step(name, _CALLS[method], node.lineno)


def _within(run: ast.AST) -> list[Any]:
    return [node for node in ast.walk(run) if hasattr(node, "lineno")]


def _method(function: ast.expr, step: str) -> str | None:
    """The method of *step* that *function* is, under its Python name."""
    if not (isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name) and function.value.id == step):
        return None
    name = _ALIASES.get(function.attr, function.attr)
    return name if name in _CALLS else None


def _decorated(function: ast.AsyncFunctionDef | ast.FunctionDef, call: ast.Call | None) -> dict[str, Any]:
    name = (_text(_argument(call, 0, "name")) if call else None) or function.name
    listed = _argument(call, None, "depends") if call else None
    concurrent = _argument(call, None, "concurrent") if call else None
    if isinstance(listed, ast.List | ast.Tuple):
        depends = [each.id for each in listed.elts if isinstance(each, ast.Name)]
    else:
        arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
        depends = [argument.arg for argument in arguments]
    step = _step(name, "do", function.lineno)
    step["functionName"] = function.name
    step["depends"] = depends
    step["concurrent"] = isinstance(concurrent, ast.Constant) and concurrent.value is True
    return step


def _step(name: str, kind: str, line: int) -> dict[str, Any]:
    return {"name": name, "kind": kind, "line": line, "functionName": None, "depends": [], "concurrent": False}


def _argument(call: ast.Call, position: int | None, keyword: str) -> ast.expr | None:
    for each in call.keywords:
        if each.arg == keyword:
            return each.value
    return call.args[position] if position is not None and len(call.args) > position else None


def _text(node: ast.expr | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


_QUESTIONS: dict[str, Callable[[dict[str, Any]], Any]] = {"check": _check, "outline": _outline}
