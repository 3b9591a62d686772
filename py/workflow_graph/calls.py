"""Calls: of steps, of functions of the source, of libraries, and of what is not known."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import functions, libraries, promises, steps
from .conditions import source
from .nodes import has_content
from .values import (
    UNKNOWN,
    Binding,
    Choice,
    Class,
    Function,
    Items,
    Library,
    Many,
    Method,
    ObjectValue,
    Promise,
    StepDecorator,
    StepFunction,
    StepMethod,
    StepObject,
    Table,
    Value,
    choose,
)

if TYPE_CHECKING:
    from .values import Node
    from .walker import Walker


@dataclass(slots=True)
class EvaluatedCall:
    """A call with its evaluated arguments, and its place in the source."""

    callee: Value
    arguments: list[Value]
    keywords: dict[str, Value]
    node: ast.AST

    def argument(self, position: int, keyword: str) -> Value | None:
        """The argument at *position*, or by *keyword*; None if it is not given."""
        if keyword in self.keywords:
            return self.keywords[keyword]
        return self.arguments[position] if position < len(self.arguments) else None


def call(walker: Walker, given: EvaluatedCall) -> Value:  # noqa: PLR0911 - a case for each kind of value
    """What *given* gives."""
    match given.callee:
        case StepMethod():
            return steps.call_method(walker, given.callee, given)
        case StepDecorator():
            return steps.decorate(walker, given.callee, given.arguments[0] if given.arguments else UNKNOWN)
        case StepFunction() as step:
            return Promise(lambda: steps.perform(walker, step))
        case Function() as function:
            return functions.call(walker, function, given)
        case Class() as made:
            return functions.make(walker, made, given)
        case Choice():
            return _call_one_of(walker, given.callee, given)
        case Library(name=name):
            return libraries.call(walker, name, given)
        case Method():
            return libraries.call_method(walker, given.callee, given)
    return unknown(walker, given)


def _call_one_of(walker: Walker, choice: Choice, given: EvaluatedCall) -> Value:
    """Call each of several functions, each in a branch of its own."""
    callee = source(given.node.func) if isinstance(given.node, ast.Call) else ""
    branches: list[Node] = []
    results: list[tuple[str | None, Value]] = []
    done = set(walker.done)
    for label, option in choice.options:
        walker.done = set(done)
        condition = label or _name_of(option)

        def read(condition: str | None = condition, option: Value = option) -> None:
            result = call(walker, EvaluatedCall(option, given.arguments, given.keywords, given.node))
            results.append((condition, result))

        branches.append({"condition": condition, "nodes": walker.collect(read)})
    walker.done = done
    discriminant = choice.discriminant or callee
    if any(has_content(branch["nodes"]) for branch in branches):
        walker.emit({"type": "switch", "discriminant": discriminant, "branches": branches})
    chosen = choose(results)
    return Choice(chosen.options, discriminant) if isinstance(chosen, Choice) else chosen


def _name_of(value: Value) -> str | None:
    match value:
        case StepFunction():
            return value.function_name or value.name.text
        case Function():
            return value.name or None
        case Class(node=node):
            return node.name
    return None


def unknown(walker: Walker, given: EvaluatedCall) -> Value:
    """
    EvaluatedCall what cannot be read.

    What it is given may run there: promises, functions with steps, and `step` itself, for which a node stands that
    says so.
    """
    values = [*given.arguments, *given.keywords.values()]
    if any(_has_step(value) for value in values):
        call_dynamic(walker, given)
    waiting = [value for value in values if _is_waiting(value)]
    nodes = [walker.collect(lambda value=value: _run(walker, value)) for value in values]  # type: ignore[misc]
    kept = [node for each in nodes if has_content(each) for node in each]

    def begin() -> Value:
        walker.frame.block += kept
        for value in waiting:
            promises.settle(walker, value)
        return UNKNOWN

    return Promise(begin) if waiting or kept else UNKNOWN


def call_dynamic(walker: Walker, given: EvaluatedCall) -> Value:
    """Draw a call that may run steps which only a run knows."""
    node = given.node
    callee = source(node.func) if isinstance(node, ast.Call) else source(node)
    walker.emit({"type": "function_call", "name": callee, "dynamic": True, "at": walker.place(node)})
    return UNKNOWN


def _is_waiting(value: Value) -> bool:
    match value:
        case Promise():
            return True
        case Choice(options=options):
            return any(isinstance(option, Promise) for _, option in options)
    return False


def _has_step(value: Value) -> bool:
    match value:
        case StepObject() | StepMethod():
            return True
        case Items(items=items):
            return any(map(_has_step, items))
        case Table(entries=entries):
            return any(map(_has_step, entries.values()))
        case Many(value=inside):
            return _has_step(inside)
        case ObjectValue(attributes=attributes):
            return any(isinstance(each, StepObject) for each in attributes.values())
    return False


def _run(walker: Walker, value: Value) -> None:
    """Run a function that is handed on, as a callback."""
    match value:
        case StepFunction() | Function():
            node = value.decorator.place if isinstance(value, StepFunction) else value.node
            if node not in walker.active:
                promises.settle(walker, call(walker, EvaluatedCall(value, [], {}, node)))
        case Items(items=items):
            for item in items:
                if isinstance(item, StepFunction | Function):
                    _run(walker, item)


def call_binding(walker: Walker, owner: Binding, method: str, given: EvaluatedCall) -> Value:
    """Call a method of a binding: creating instances of another workflow is drawn."""
    if method not in {"create", "create_batch", "createBatch"}:
        return UNKNOWN

    def begin() -> Value:
        name = f"{owner.name}.{'create' if method == 'create' else 'createBatch'}"
        node = {"type": "function_call", "name": name, "workflow": owner.name, "at": walker.place(given.node)}
        walker.emit({**node, "dynamic": True} if owner.is_dynamic else node)
        return UNKNOWN

    return Promise(begin)
