"""Statements, in the order in which they run."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from . import branching, functions, objects, promises
from .conditions import source
from .values import UNKNOWN, Class, Items

if TYPE_CHECKING:
    from collections.abc import Callable

    from .walker import Walker


def execute(walker: Walker, statement: ast.stmt) -> None:
    """Read one statement."""
    reader = _READERS.get(type(statement))
    if reader is not None:
        reader(walker, statement)


def _define(walker: Walker, statement: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    walker.frame.scope.bind(statement.name, functions.decorated(walker, statement))


def _class(walker: Walker, statement: ast.ClassDef) -> None:
    walker.frame.scope.bind(statement.name, Class(statement, walker.frame.scope))


def _expression(walker: Walker, statement: ast.Expr) -> None:
    walker.evaluate(statement.value)


def _assign(walker: Walker, statement: ast.Assign) -> None:
    value = walker.evaluate(statement.value)
    for target in statement.targets:
        objects.bind_target(walker, target, value)


def _assign_annotated(walker: Walker, statement: ast.AnnAssign) -> None:
    if statement.value is not None:
        objects.bind_target(walker, statement.target, walker.evaluate(statement.value))


def _assign_more(walker: Walker, statement: ast.AugAssign) -> None:
    value = walker.evaluate(statement.value)
    if isinstance(statement.target, ast.Name):
        known = walker.frame.scope.find(statement.target.id)
        if isinstance(known, Items) and isinstance(value, Items):
            known.items += value.items
            return
    objects.bind_target(walker, statement.target, UNKNOWN)


def _return(walker: Walker, statement: ast.Return) -> None:
    if statement.value is not None:
        walker.frame.returns.append(walker.evaluate(statement.value))
    promises.start_eager(walker)
    walker.emit({"type": "break", "kind": "return", "at": walker.place(statement)})


def _raise(walker: Walker, statement: ast.Raise) -> None:
    for part in (statement.exc, statement.cause):
        if part is not None:
            walker.evaluate(part)
    if walker.frame.guards:
        # It goes to a handler of this function, as far as anybody can tell.
        walker.emit({"type": "stop"})
        return
    raised = statement.exc.func if isinstance(statement.exc, ast.Call) else statement.exc
    node = {
        "type": "break",
        "kind": "return",
        "raises": source(raised) if raised else "",
        "at": walker.place(statement),
    }
    walker.emit(node)


def _break(walker: Walker, statement: ast.Break) -> None:
    walker.emit({"type": "break", "kind": "break", "at": walker.place(statement)})


def _continue(walker: Walker, _statement: ast.Continue) -> None:
    walker.emit({"type": "continue"})


def _assert(walker: Walker, statement: ast.Assert) -> None:
    walker.evaluate(statement.test)


def _import(walker: Walker, statement: ast.Import | ast.ImportFrom) -> None:
    walker.sources.bind_import(walker.frame.scope, statement)


_READERS: dict[type[ast.stmt], Callable[[Walker, Any], None]] = {
    ast.FunctionDef: _define,
    ast.AsyncFunctionDef: _define,
    ast.ClassDef: _class,
    ast.Expr: _expression,
    ast.Assign: _assign,
    ast.AnnAssign: _assign_annotated,
    ast.AugAssign: _assign_more,
    ast.Return: _return,
    ast.Raise: _raise,
    ast.Break: _break,
    ast.Continue: _continue,
    ast.Assert: _assert,
    ast.Import: _import,
    ast.ImportFrom: _import,
    ast.If: branching.read_if,
    ast.For: branching.read_for,
    ast.AsyncFor: branching.read_for,
    ast.While: branching.read_while,
    ast.With: branching.read_with,
    ast.AsyncWith: branching.read_with,
    ast.Try: branching.read_try,
    ast.TryStar: branching.read_try,
    ast.Match: branching.read_match,
}
