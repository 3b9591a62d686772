"""Functions and classes of the source: what a call of them runs."""

from __future__ import annotations

import ast
import json
from typing import TYPE_CHECKING

from . import calls, objects, promises
from .merging import merge
from .nodes import has_content, tidy_function
from .scopes import Frame, Scope
from .values import (
    UNKNOWN,
    Function,
    Items,
    Many,
    ObjectValue,
    Promise,
    StepDecorator,
    StepFunction,
    Table,
    Value,
    choose,
)

if TYPE_CHECKING:
    from .calls import EvaluatedCall
    from .scopes import FunctionNode
    from .values import Class, Node
    from .walker import Walker


def call(walker: Walker, function: Function, given: EvaluatedCall) -> Value:
    """Call *function*. A coroutine function runs when its result is awaited."""
    if isinstance(function.node, ast.AsyncFunctionDef):
        return Promise(lambda: enter(walker, function, given))
    return enter(walker, function, given)


def enter(walker: Walker, function: Function, given: EvaluatedCall) -> Value:
    """Read the body of *function*: one node for the call, and a definition where it has steps."""
    node = function.node
    if node in walker.active:
        walker.emit({**_call_node(walker, function, given), "recursive": True})
        return UNKNOWN
    if not walker.can_enter():
        return calls.call_dynamic(walker, given)
    frame = read(walker, function, [*function.arguments, *given.arguments], {**function.keywords, **given.keywords})
    nodes = tidy_function(frame.block)
    if nodes and isinstance(node, ast.Lambda):
        walker.frame.block += nodes
    elif nodes:
        _define(walker, function, nodes, given)
        walker.emit(_call_node(walker, function, given))
    return choose([(None, value) for value in frame.returns]) if frame.returns else UNKNOWN


def read(walker: Walker, function: Function, arguments: list[Value], keywords: dict[str, Value]) -> Frame:
    """Read the body of *function* in a frame of its own, and give that."""
    node = function.node
    body = _body(node)
    scope = Scope(function.scope, function.scope.file, body)
    frame = Frame(scope, function.owner, function.defined_in)
    outside, walker.frame = walker.frame, frame
    unstarted, walker.unstarted = walker.unstarted, []
    walker.active.append(node)
    try:
        _bind(walker, function, arguments, keywords)
        walker.execute(body)
    finally:
        walker.active.pop()
        walker.frame, walker.unstarted = outside, unstarted
    return frame


def _body(node: FunctionNode) -> list[ast.stmt]:
    """The statements of a function; those of a lambda are one ``return``."""
    if isinstance(node, ast.Lambda):
        return [ast.Return(node.body, lineno=node.lineno, col_offset=node.col_offset)]
    return node.body


def _bind(walker: Walker, function: Function, arguments: list[Value], keywords: dict[str, Value]) -> None:
    """Let the parameters stand for what is given, or for their defaults."""
    parameters, scope = function.node.args, walker.frame.scope
    positional = [*parameters.posonlyargs, *parameters.args]
    given = list(arguments)
    if function.owner is not None and not _is_static(function.node):
        given.insert(0, function.owner)
    defaults = dict(zip(positional[len(positional) - len(parameters.defaults) :], parameters.defaults, strict=True))
    defaults |= {
        parameter: default
        for parameter, default in zip(parameters.kwonlyargs, parameters.kw_defaults, strict=True)
        if default is not None
    }
    for parameter in [*positional, *parameters.kwonlyargs]:
        is_by_position = parameter in positional and given
        if is_by_position and isinstance(given[0], Many):
            value = objects.single(given[0])
        elif is_by_position:
            value = given.pop(0)
        elif parameter.arg in keywords:
            value = keywords[parameter.arg]
        else:
            value = walker.evaluate(defaults[parameter]) if parameter in defaults else UNKNOWN
        scope.bind(parameter.arg, value)
    if parameters.vararg:
        scope.bind(parameters.vararg.arg, Items(given))
    if parameters.kwarg:
        names = {parameter.arg for parameter in [*positional, *parameters.kwonlyargs]}
        scope.bind(parameters.kwarg.arg, Table({key: each for key, each in keywords.items() if key not in names}))


def _is_static(node: ast.AST) -> bool:
    return any(isinstance(each, ast.Name) and each.id == "staticmethod" for each in getattr(node, "decorator_list", ()))


def _call_node(walker: Walker, function: Function, given: EvaluatedCall) -> Node:
    return {"type": "function_call", "name": _name(walker, function), "at": walker.place(given.node)}


def _name(walker: Walker, function: Function) -> str:
    """The name of *function* in the graph, which no other one has."""
    if function.node in walker.definitions:
        return walker.definitions[function.node][0]
    taken = {name for name, _ in walker.definitions.values()}
    name, count = function.name, 1
    while name in taken:
        count += 1
        name = f"{function.name} ({count})"
    walker.definitions[function.node] = (name, [])
    return name


def _define(walker: Walker, function: Function, nodes: list[Node], given: EvaluatedCall) -> None:
    """Keep *nodes* as the definition of *function*: what two calls of it do differently is dynamic in it."""
    name = _name(walker, function)
    known = walker.definitions[function.node][1]
    if known and json.dumps(known) != json.dumps(nodes):
        nodes = merge(name, known, nodes, getattr(given.node, "lineno", 0))
    walker.definitions[function.node] = (name, nodes)


def make(walker: Walker, made: Class, given: EvaluatedCall) -> Value:
    """Make an object of a class of the source."""
    instance = ObjectValue(made)
    initialise, base = objects.member(walker, made, "__init__")
    if isinstance(initialise, Function) and initialise.node not in walker.active and walker.can_enter():
        method = Function(initialise.node, initialise.scope, instance, base)
        # Creating an object awaits nothing, so it runs no steps.
        read(walker, method, given.arguments, given.keywords)
    return instance


def decorated(walker: Walker, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Value:
    """What a function definition binds: the function, as its decorators leave it."""
    value: Value = Function(node, walker.frame.scope, None, walker.frame.defined_in)
    for decorator in reversed(node.decorator_list):
        found = walker.evaluate(decorator)
        if not isinstance(found, StepDecorator | Function):
            continue
        result = calls.call(walker, calls.EvaluatedCall(found, [value], {}, decorator))
        if isinstance(result, StepFunction | Function):
            value = result
    return value


def callback_nodes(walker: Walker, function: Function | None, arguments: list[Value]) -> list[Node]:
    """The steps and calls inside the callback of a step."""
    if function is None or function.node in walker.active or not walker.can_enter():
        return []
    done, returned = set(walker.done), []

    def run() -> None:
        frame = read(walker, function, arguments, {})
        walker.frame.block += frame.block
        returned.extend(frame.returns)
        for value in frame.returns:
            promises.settle(walker, value)

    nodes = walker.collect(run)
    walker.done = done
    return without_ends(tidy_function(nodes))


def without_ends(nodes: list[Node]) -> list[Node]:
    """*nodes* without what only ends the callback."""
    kept = [node for node in nodes if has_content([node])]
    for node in kept:
        if node["type"] in {"loop", "block", "parallel"}:
            node["nodes"] = without_ends(node["nodes"])
        for branch in node.get("branches", ()):
            branch["nodes"] = without_ends(branch["nodes"])
    return kept
