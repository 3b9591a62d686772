"""Expressions: what they give, and which steps they run on the way."""

from __future__ import annotations

import ast
import builtins
import operator
from typing import TYPE_CHECKING, Any

from . import calls, comprehensions, objects, promises, texts
from .conditions import source
from .nodes import has_content
from .values import HOLE, UNKNOWN, Choice, Constant, Environment, Function, Items, Library, Many, Table, Text, choose

if TYPE_CHECKING:
    from collections.abc import Callable

    from .values import Node, Value
    from .walker import Walker

LONGEST_NUMBER = 1e18


def evaluate(walker: Walker, node: ast.expr) -> Value:
    """What *node* gives."""
    reader = _READERS.get(type(node))
    if reader is not None:
        return reader(walker, node)
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):
            evaluate(walker, child)
    return UNKNOWN


def _constant(_walker: Walker, node: ast.Constant) -> Value:
    if isinstance(node.value, str):
        return Text(node.value)
    if node.value is None or isinstance(node.value, bool | int | float):
        return Constant(node.value)
    return UNKNOWN


def _formatted(walker: Walker, node: ast.JoinedStr) -> Value:
    parts = []
    for part in node.values:
        if isinstance(part, ast.FormattedValue):
            value = evaluate(walker, part.value)
            is_plain = part.format_spec is None and part.conversion == -1
            parts.append(texts.as_text(value if is_plain else UNKNOWN))
        else:
            parts.append(texts.as_text(evaluate(walker, part)))
    return texts.join(parts)


def _name(walker: Walker, node: ast.Name) -> Value:
    found = walker.frame.scope.find(node.id)
    if found is not None:
        return found
    return Library(f"builtins.{node.id}") if hasattr(builtins, node.id) else UNKNOWN


def _attribute(walker: Walker, node: ast.Attribute) -> Value:
    return objects.attribute(walker, evaluate(walker, node.value), node.attr)


def _await(walker: Walker, node: ast.Await) -> Value:
    return promises.settle(walker, evaluate(walker, node.value))


def _operation(walker: Walker, node: ast.BinOp) -> Value:
    left, right = evaluate(walker, node.left), evaluate(walker, node.right)
    if isinstance(node.op, ast.Add):
        if isinstance(left, Text) or isinstance(right, Text):
            return texts.join([texts.as_text(left), texts.as_text(right)])
        if isinstance(left, Items) and isinstance(right, Items):
            return Items([*left.items, *right.items])
    if isinstance(node.op, ast.Mod) and isinstance(left, Text):
        return texts.fill(left)
    if isinstance(left, Constant) and isinstance(right, Constant):
        return _arithmetic(node.op, left.value, right.value)
    return UNKNOWN


_ARITHMETIC: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def _arithmetic(sign: ast.operator, left: float | None, right: float | None) -> Value:
    calculate = _ARITHMETIC.get(type(sign))
    if calculate is None or left is None or right is None:
        return UNKNOWN
    try:
        result = calculate(left, right)
    except (ArithmeticError, ValueError):
        return UNKNOWN
    return Constant(result) if abs(result) < LONGEST_NUMBER else UNKNOWN


def _sign(walker: Walker, node: ast.UnaryOp) -> Value:
    value = evaluate(walker, node.operand)
    if isinstance(node.op, ast.USub) and isinstance(value, Constant) and value.value is not None:
        return Constant(-value.value)
    return UNKNOWN


def _logic(walker: Walker, node: ast.BoolOp) -> Value:
    values: list[tuple[str | None, Value]] = [(None, evaluate(walker, node.values[0]))]
    done = set(walker.done)
    for index, operand in enumerate(node.values[1:], 1):
        nodes = walker.collect(lambda operand=operand: values.append((None, evaluate(walker, operand))))  # type: ignore[misc]
        if has_content(nodes):
            condition = f" {'and' if isinstance(node.op, ast.And) else 'or'} ".join(map(source, node.values[:index]))
            walker.emit({"type": "if", "branches": [{"condition": condition, "nodes": nodes}]})
    walker.done = done
    return choose(values)


def _conditional(walker: Walker, node: ast.IfExp) -> Value:
    evaluate(walker, node.test)
    condition = source(node.test)
    branches: list[Node] = []
    values: list[tuple[str | None, Value]] = []
    done = set(walker.done)
    for label, expression in ((condition, node.body), (None, node.orelse)):
        walker.done = set(done)
        nodes = walker.collect(lambda label=label, each=expression: values.append((label, evaluate(walker, each))))  # type: ignore[misc]
        branches.append({"condition": label, "nodes": nodes})
    walker.done = done
    if any(has_content(branch["nodes"]) for branch in branches):
        walker.emit({"type": "if", "branches": branches})
    return choose(values)


def _named(walker: Walker, node: ast.NamedExpr) -> Value:
    value = evaluate(walker, node.value)
    walker.frame.scope.bind(node.target.id, value)
    return value


def _lambda(walker: Walker, node: ast.Lambda) -> Value:
    return Function(node, walker.frame.scope)


def _items(walker: Walker, node: ast.List | ast.Tuple | ast.Set) -> Value:
    return Items(spread(walker, node.elts), walker.depth)


def spread(walker: Walker, nodes: list[ast.expr]) -> list[Value]:
    """What *nodes* give, with what stands behind a star in its place."""
    values: list[Value] = []
    for node in nodes:
        if not isinstance(node, ast.Starred):
            values.append(evaluate(walker, node))
            continue
        value = evaluate(walker, node.value)
        values += value.items if isinstance(value, Items) else [Many(value)]
    return values


def _table(walker: Walker, node: ast.Dict) -> Value:
    entries: dict[str, Value] = {}
    rest = False
    for key_node, value_node in zip(node.keys, node.values, strict=True):
        value = evaluate(walker, value_node)
        if key_node is None:
            rest = rest or not isinstance(value, Table)
            entries.update(value.entries if isinstance(value, Table) else {})
            continue
        key = evaluate(walker, key_node)
        entries[key_of(key) or HOLE] = value
    return Table(entries, rest)


def key_of(value: Value) -> str | None:
    """The key that *value* is in a `Table`; None where only a run knows it."""
    match value:
        case Text(text=text, is_dynamic=False):
            return text
        case Constant(value=constant):
            return str(constant)
    return None


def _subscript(walker: Walker, node: ast.Subscript) -> Value:
    owner = evaluate(walker, node.value)
    index = evaluate(walker, node.slice)
    match owner:
        case Table(entries=entries):
            key = key_of(index)
            if key is None:
                return _one_of(entries, source(node.slice))
            return objects.single(entries.get(key, entries.get(HOLE, UNKNOWN)))
        case Items():
            return owner if isinstance(node.slice, ast.Slice) else _item(owner, index)
        case Environment():
            return objects.binding(texts.as_text(index))
    return UNKNOWN


def _item(owner: Items, index: Value) -> Value:
    items = owner.items
    at = index.value if isinstance(index, Constant) else None
    if isinstance(at, int) and -len(items) <= at < len(items) and not any(isinstance(each, Many) for each in items):
        return items[at]
    return objects.element_of(owner)


def _one_of(entries: dict[str, Value], discriminant: str) -> Value:
    if not entries or any(isinstance(value, Text | Constant) for value in entries.values()):
        return UNKNOWN
    values = [(repr(key) if key != HOLE else None, objects.single(value)) for key, value in entries.items()]
    return values[0][1] if len(values) == 1 else Choice(values, discriminant)


def _yield(walker: Walker, node: ast.Yield | ast.YieldFrom) -> Value:
    if node.value is not None:
        value = evaluate(walker, node.value)
        walker.frame.returns.append(Items([Many(value)]))
    return UNKNOWN


def _starred(walker: Walker, node: ast.Starred) -> Value:
    return evaluate(walker, node.value)


def _call(walker: Walker, node: ast.Call) -> Value:
    callee = evaluate(walker, node.func)
    arguments = spread(walker, node.args)
    keywords: dict[str, Value] = {}
    for keyword in node.keywords:
        value = evaluate(walker, keyword.value)
        if keyword.arg is not None:
            keywords[keyword.arg] = value
        elif isinstance(value, Table):
            keywords.update({key: each for key, each in value.entries.items() if key != HOLE})
    return calls.call(walker, calls.EvaluatedCall(callee, arguments, keywords, node))


_READERS: dict[type[ast.expr], Callable[[Walker, Any], Value]] = {
    ast.Constant: _constant,
    ast.JoinedStr: _formatted,
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.Await: _await,
    ast.Call: _call,
    ast.BinOp: _operation,
    ast.UnaryOp: _sign,
    ast.BoolOp: _logic,
    ast.IfExp: _conditional,
    ast.NamedExpr: _named,
    ast.Lambda: _lambda,
    ast.List: _items,
    ast.Tuple: _items,
    ast.Set: _items,
    ast.Dict: _table,
    ast.ListComp: comprehensions.read_list,
    ast.SetComp: comprehensions.read_list,
    ast.GeneratorExp: comprehensions.read_list,
    ast.DictComp: comprehensions.read_dict,
    ast.Subscript: _subscript,
    ast.Yield: _yield,
    ast.YieldFrom: _yield,
    ast.Starred: _starred,
}
