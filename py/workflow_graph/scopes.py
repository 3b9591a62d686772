"""Names and what they stand for, and the function that is being read."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .values import UNKNOWN, Constant, Node, Table, Text, Value, choose

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .values import ObjectValue

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


class Scope:
    """
    The names of a module, a class body or a function.

    A text or a number is known only where its name is bound once: what is bound again, by a loop or an
    assignment, has a value that only a run knows.
    """

    def __init__(self, parent: Scope | None, file: str, body: list[ast.stmt]) -> None:
        """Names of *body*, in *file*, inside *parent*."""
        self.parent = parent
        self.file = file
        self.names: dict[str, Value] = {}
        self.lazy: dict[str, Callable[[], Value]] = {}
        """What a name stands for, found when it is asked for."""
        self._rebound = _rebound(body)

    def bind(self, name: str, value: Value) -> None:
        """Let *name* stand for *value*."""
        self.lazy.pop(name, None)
        self.names[name] = _changing(value) if name in self._rebound else value

    def find(self, name: str) -> Value | None:
        """What *name* stands for; None if no scope has it."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            if name in scope.lazy:
                # A module that imports itself in a circle finds nothing.
                make = scope.lazy.pop(name)
                scope.names[name] = UNKNOWN
                scope.names[name] = make()
                return scope.names[name]
            scope = scope.parent
        return None

    def merge(self, branches: list[tuple[str | None, dict[str, Value]]]) -> None:
        """Take over what the names stand for after one of *branches*."""
        names = {name: None for _, branch in branches for name in branch}
        self.names = {
            name: choose([(label, branch[name]) for label, branch in branches if name in branch]) for name in names
        }


def _changing(value: Value) -> Value:
    """*value* without the texts and numbers in it, which may be others in another round of a loop."""
    match value:
        case Text() | Constant():
            return UNKNOWN
        case Table(entries=entries, rest=rest):
            return Table({key: _changing(each) for key, each in entries.items()}, rest)
    return value


def _rebound(body: list[ast.stmt]) -> set[str]:
    seen: set[str] = set()
    again: set[str] = set()
    for name in _bound(body):
        (again if name in seen else seen).add(name)
    return again


def _bound(body: list[ast.stmt]) -> Iterator[str]:
    """Each name that *body* binds, as often as it does: what is bound by a loop, twice."""
    pending: list[ast.AST] = list(body)
    while pending:
        node = pending.pop()
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield from _bound_from_inside(node)
                continue
            case ast.Lambda():
                continue
            case ast.AugAssign(target=target) | ast.For(target=target) | ast.AsyncFor(target=target):
                yield from (each.id for each in ast.walk(target) if isinstance(each, ast.Name))
            case ast.Name(id=name, ctx=ast.Store()):
                yield name
        pending.extend(ast.iter_child_nodes(node))


def _bound_from_inside(node: ast.AST) -> Iterator[str]:
    """Names around a function that its calls bind, as often as it is called."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Nonlocal | ast.Global):
            yield from inner.names * 2


@dataclass(eq=False)
class Frame:
    """
    A function body that is being read.

    Attributes:
        block: Where nodes are added.
        guards: How many `try` statements with handlers surround the place.
        counter: Counts what begins without being awaited, as `starts` and `resolves` do.
        returns: What it returns.
    """

    scope: Scope
    owner: ObjectValue | None = None
    defined_in: ast.ClassDef | None = None
    block: list[Node] = field(default_factory=list)
    guards: int = 0
    counter: int = 1
    returns: list[Value] = field(default_factory=list)

    def advance(self) -> int:
        """Count an await of something that began before."""
        self.counter += 1
        return self.counter
