"""Attributes, elements and targets: how values are reached, and where they are kept."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from . import calls
from .scopes import Frame, Scope
from .values import (
    HOLE,
    UNKNOWN,
    Binding,
    Choice,
    Class,
    Constant,
    Environment,
    Function,
    Items,
    Library,
    Many,
    Method,
    Module,
    ObjectValue,
    StepMethod,
    StepObject,
    Table,
    Text,
    Value,
    choose,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .walker import Walker

METHODS = {
    "do": "do",
    "sleep": "sleep",
    "sleep_until": "sleep_until",
    "sleepUntil": "sleep_until",
    "wait_for_event": "wait_for_event",
    "waitForEvent": "wait_for_event",
}
MOST_BASES = 20


def attribute(walker: Walker, owner: Value, name: str) -> Value:  # noqa: PLR0911 - a case for each kind of value
    """What ``owner.name`` gives."""
    match owner:
        case StepObject():
            if name == "js":
                return StepObject(is_javascript=True)
            return StepMethod(METHODS[name], owner.is_javascript) if name in METHODS else UNKNOWN
        case ObjectValue():
            return _of_instance(walker, owner, name)
        case Class():
            found, _ = member(walker, owner, name)
            return found or UNKNOWN
        case Module(scope=scope):
            return scope.find(name) or UNKNOWN
        case Library(name=module):
            return Environment() if f"{module}.{name}" == "workers.env" else Library(f"{module}.{name}")
        case Environment():
            return Binding(name)
        case Choice(options=options):
            return choose([(label, attribute(walker, each, name)) for label, each in options])
    return Method(owner, name)


def _of_instance(walker: Walker, owner: ObjectValue, name: str) -> Value:
    if name in owner.attributes:
        return owner.attributes[name]
    if name == "env":
        return Environment()
    found, base = member(walker, owner.made_from, name, owner.start_after)
    if not isinstance(found, Function):
        return found or UNKNOWN
    decorators = {each.id for each in getattr(found.node, "decorator_list", ()) if isinstance(each, ast.Name)}
    if "staticmethod" in decorators:
        return found
    this = ObjectValue(owner.made_from, owner.attributes)
    method = Function(found.node, found.scope, this, base)
    if decorators & {"property", "cached_property"}:
        return calls.call(walker, calls.EvaluatedCall(method, [], {}, found.node))
    return method


def member(
    walker: Walker, of: Class, name: str, start_after: ast.ClassDef | None = None
) -> tuple[Value | None, ast.ClassDef | None]:
    """
    What a class, or one of its bases, has under *name*, and the class that has it.

    Args:
        walker: The reading that asks.
        of: The class.
        name: The attribute.
        start_after: The class after which the search begins, for `super`.
    """
    is_after = start_after is None
    for each in bases(walker, of):
        if not is_after:
            is_after = each.node is start_after
            continue
        for statement in reversed(each.node.body):
            match statement:
                case ast.FunctionDef(name=found) | ast.AsyncFunctionDef(name=found) if found == name:
                    return Function(statement, each.scope, None, each.node), each.node
                case ast.Assign(targets=[ast.Name(id=found)], value=value) if found == name:
                    return _in(walker, each.scope, value), each.node
                case ast.AnnAssign(target=ast.Name(id=found), value=ast.expr() as value) if found == name:
                    return _in(walker, each.scope, value), each.node
    return None, None


def bases(walker: Walker, of: Class) -> Iterator[Class]:
    """*of* and the classes of the source that it derives from, the nearest first."""
    pending, seen = [of], 0
    while pending and seen < MOST_BASES:
        each = pending.pop(0)
        seen += 1
        yield each
        for base in each.node.bases:
            found = _in(walker, each.scope, base)
            if isinstance(found, Class):
                pending.append(found)


def _in(walker: Walker, scope: Scope, node: ast.expr) -> Value:
    outside, walker.frame = walker.frame, Frame(scope)
    try:
        return walker.evaluate(node)
    finally:
        walker.frame = outside


def binding(name: Text) -> Value:
    """The binding *name* of the environment."""
    return Binding(name.text, name.is_dynamic)


def single(value: Value) -> Value:
    """One of *value*, where that stands for many."""
    return single(value.value) if isinstance(value, Many) else value


def element_of(value: Value) -> Value:
    """What a loop over *value* gives its target."""
    match value:
        case Items(items=items):
            values = [single(item) for item in items]
            if len(values) > 1 and any(isinstance(each, Text | Constant) for each in values):
                return UNKNOWN
            if len(values) > 1 and all(isinstance(each, Items) for each in values):
                return _columns([each for each in values if isinstance(each, Items)])
            return choose([(None, each) for each in values])
        case Choice(options=options):
            return choose([(None, element_of(each)) for _, each in options])
    return UNKNOWN


def _columns(rows: list[Items]) -> Value:
    """A row of a table whose rows are all as long as the first: each cell one of its column."""
    width = len(rows[0].items)
    if any(len(row.items) != width for row in rows):
        return UNKNOWN
    return Items([element_of(Items([row.items[at] for row in rows])) for at in range(width)])


def bind_target(walker: Walker, target: ast.expr, value: Value) -> None:
    """Assign *value* to *target*."""
    match target:
        case ast.Name(id=name):
            walker.frame.scope.bind(name, value)
        case ast.Tuple(elts=targets) | ast.List(elts=targets):
            _unpack(walker, targets, value)
        case ast.Starred(value=inner):
            bind_target(walker, inner, value)
        case ast.Attribute(value=owner_node, attr=name):
            owner = walker.evaluate(owner_node)
            if isinstance(owner, ObjectValue):
                # Texts and numbers of an object may change between any two steps.
                is_changing = isinstance(value, Text | Constant)
                owner.attributes[name] = UNKNOWN if is_changing else value
        case ast.Subscript(value=owner_node, slice=index):
            owner = walker.evaluate(owner_node)
            key = walker.evaluate(index)
            if isinstance(owner, Table):
                text = key.text if isinstance(key, Text) and not key.is_dynamic else None
                owner.entries[text or HOLE] = value if text else Many(value)


def _unpack(walker: Walker, targets: list[ast.expr], value: Value) -> None:
    items = value.items if isinstance(value, Items) else []
    is_exact = len(items) == len(targets) and not any(isinstance(item, Many) for item in items)
    for index, target in enumerate(targets):
        if is_exact:
            bind_target(walker, target, items[index])
        elif isinstance(target, ast.Starred):
            bind_target(walker, target, value)
        else:
            bind_target(walker, target, element_of(value))
