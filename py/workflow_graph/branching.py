"""Statements that decide what runs: branches, loops, ``try`` and ``with``."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from . import expressions, objects, promises
from .conditions import source
from .values import UNKNOWN, Library, Promise, TaskGroup

if TYPE_CHECKING:
    from collections.abc import Callable

    from .values import Node, StepFunction, Value
    from .walker import Walker

ENDS = {"break", "continue", "stop"}
"""Nodes after which nothing in a block runs."""


class Branches:
    """Branches of which one runs: each begins with what is known before, and what is known after is what they share."""

    def __init__(self, walker: Walker) -> None:
        """Branches at the current place."""
        self._walker = walker
        self._names = dict(walker.frame.scope.names)
        self._done = set(walker.done)
        self._after: list[tuple[str | None, dict[str, Value], set[StepFunction]]] = []

    def add(self, label: str | None, action: Callable[[], object]) -> list[Node]:
        """Read a branch, and give its nodes."""
        walker = self._walker
        walker.frame.scope.names = dict(self._names)
        walker.done = set(self._done)

        def read() -> None:
            action()
            promises.start_eager(walker)

        nodes = walker.collect(read)
        if not nodes or nodes[-1]["type"] not in ENDS:
            self._after.append((label, walker.frame.scope.names, walker.done))
        return nodes

    def add_nothing(self) -> None:
        """None of them may run."""
        self._after.append((None, self._names, self._done))

    def join(self) -> None:
        """Go on after them."""
        after = self._after or [(None, self._names, self._done)]
        self._walker.frame.scope.merge([(label, names) for label, names, _ in after])
        self._walker.done = set.intersection(*(done for _, _, done in after))


def read_if(walker: Walker, statement: ast.If) -> None:
    """An ``if`` with all its ``elif``: one branch each."""
    walker.evaluate(statement.test)
    branches = Branches(walker)
    condition = source(statement.test)
    found: list[Node] = [
        {"condition": condition, "nodes": branches.add(condition, lambda: walker.execute(statement.body))}
    ]
    rest: list[ast.stmt] = statement.orelse
    while len(rest) == 1 and isinstance(rest[0], ast.If) and not _runs_steps(rest[0].test):
        other: ast.If = rest[0]
        label = source(other.test)

        def read(other: ast.If = other) -> None:
            walker.evaluate(other.test)
            walker.execute(other.body)

        found.append({"condition": label, "nodes": branches.add(label, read)})
        rest = other.orelse
    if rest:
        found.append({"condition": None, "nodes": branches.add(None, lambda: walker.execute(rest))})
    else:
        branches.add_nothing()
    branches.join()
    walker.emit({"type": "if", "branches": found})


def _runs_steps(test: ast.expr) -> bool:
    """Whether a condition awaits something, so that it is no plain branch."""
    return any(isinstance(node, ast.Await) for node in ast.walk(test))


def _loop(walker: Walker, body: Callable[[], object], orelse: list[ast.stmt]) -> None:
    branches = Branches(walker)
    branches.add_nothing()
    walker.depth += 1
    nodes = branches.add(None, body)
    walker.depth -= 1
    branches.join()
    walker.emit({"type": "loop", "nodes": nodes})
    walker.execute(orelse)


def read_for(walker: Walker, statement: ast.For | ast.AsyncFor) -> None:
    """A loop over what an expression gives."""
    iterable = walker.evaluate(statement.iter)
    promises.start_eager(walker)

    def body() -> None:
        if isinstance(statement, ast.AsyncFor):
            promises.settle(walker, iterable)
        objects.bind_target(walker, statement.target, objects.element_of(iterable))
        walker.execute(statement.body)

    _loop(walker, body, statement.orelse)


def read_while(walker: Walker, statement: ast.While) -> None:
    """A loop, whose condition is part of each round."""

    def body() -> None:
        walker.evaluate(statement.test)
        promises.start_eager(walker)
        walker.execute(statement.body)

    _loop(walker, body, statement.orelse)


def read_with(walker: Walker, statement: ast.With | ast.AsyncWith) -> None:
    """A ``with``: task groups run what they begin at the same time, and ``suppress`` guards."""
    groups: list[TaskGroup] = []
    is_suppressing = False
    for item in statement.items:
        value = walker.evaluate(item.context_expr)
        called = item.context_expr.func if isinstance(item.context_expr, ast.Call) else None
        if called is not None and expressions.evaluate(walker, called) == Library("contextlib.suppress"):
            is_suppressing = True
        if isinstance(value, TaskGroup):
            groups.append(value)
        elif isinstance(value, Promise):
            value = promises.settle(walker, value)
        if item.optional_vars is not None:
            objects.bind_target(walker, item.optional_vars, value)
    promises.start_eager(walker)
    if is_suppressing:
        _guarded(walker, lambda: walker.execute(statement.body), [], [])
        return
    nodes = walker.collect(lambda: walker.execute(statement.body))
    promises.end_group(walker, nodes, [task for group in groups for task in group.tasks])


def read_try(walker: Walker, statement: ast.Try | ast.TryStar) -> None:
    """A ``try`` with its handlers."""

    def body() -> None:
        walker.execute(statement.body)
        walker.execute(statement.orelse)

    if statement.handlers:
        _guarded(walker, body, statement.handlers, statement.finalbody)
        return
    nodes = walker.collect(body)
    walker.emit(
        {
            "type": "try",
            "try_block": _block(nodes),
            "catch_block": None,
            "finally_block": _finally(walker, statement.finalbody),
        }
    )


def _guarded(
    walker: Walker, body: Callable[[], object], handlers: list[ast.ExceptHandler], finalbody: list[ast.stmt]
) -> None:
    branches = Branches(walker)
    if not handlers:
        branches.add_nothing()
    walker.frame.guards += 1
    nodes = branches.add(None, body)
    walker.frame.guards -= 1
    caught: list[Node] = []
    for handler in handlers:
        label = source(handler.type) if handler.type else None
        caught.append({"condition": label, "nodes": branches.add(label, lambda each=handler: _handle(walker, each))})  # type: ignore[misc]
    branches.join()
    many: list[Node] = [{"type": "if", "branches": caught}] if any(each["nodes"] for each in caught) else []
    catch = caught[0]["nodes"] if len(caught) == 1 else many
    node: Node = {"type": "try", "try_block": _block(nodes), "catch_block": _block(catch), "finally_block": None}
    node["finally_block"] = _finally(walker, finalbody)
    walker.emit(node)


def _handle(walker: Walker, handler: ast.ExceptHandler) -> None:
    if handler.name:
        walker.frame.scope.bind(handler.name, UNKNOWN)
    walker.execute(handler.body)


def _block(nodes: list[Node]) -> Node | None:
    return {"type": "block", "nodes": nodes} if nodes else None


def _finally(walker: Walker, body: list[ast.stmt]) -> Node | None:
    return _block(walker.collect(lambda: walker.execute(body)))


def read_match(walker: Walker, statement: ast.Match) -> None:
    """A ``match``: one branch for each case."""
    subject = walker.evaluate(statement.subject)
    branches = Branches(walker)
    found = []
    is_complete = False
    for case in statement.cases:
        is_default = isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None and case.guard is None
        is_complete = is_complete or is_default
        label = None if is_default else _case_label(case)

        def read(case: ast.match_case = case) -> None:
            for node in ast.walk(case.pattern):
                name = getattr(node, "name", None) or getattr(node, "rest", None)
                if isinstance(name, str):
                    walker.frame.scope.bind(name, subject if node is case.pattern else UNKNOWN)
            if case.guard is not None:
                walker.evaluate(case.guard)
            walker.execute(case.body)

        found.append({"condition": label, "nodes": branches.add(label, read)})
    if not is_complete:
        branches.add_nothing()
    branches.join()
    walker.emit({"type": "switch", "discriminant": source(statement.subject), "branches": found})


def _case_label(case: ast.match_case) -> str:
    guard = f" if {source(case.guard)}" if case.guard is not None else ""
    return f"{source(case.pattern)}{guard}"
