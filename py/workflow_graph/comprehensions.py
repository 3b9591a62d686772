"""Comprehensions: loops around what each element runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import objects, promises
from .nodes import has_content
from .scopes import Scope
from .values import HOLE, UNKNOWN, Items, Many, Table

if TYPE_CHECKING:
    import ast

    from .values import Value
    from .walker import Walker


def read_list(walker: Walker, node: ast.ListComp | ast.SetComp | ast.GeneratorExp) -> Value:
    """A list, a set or a generator."""
    return _comprehension(walker, node.generators, node.elt)


def read_dict(walker: Walker, node: ast.DictComp) -> Value:
    """A dict, whose values are of one kind."""
    found = _comprehension(walker, node.generators, node.value)
    return Table({HOLE: found.items[0]}, rest=True) if isinstance(found, Items) else UNKNOWN


def _comprehension(walker: Walker, generators: list[ast.comprehension], element: ast.expr) -> Value:
    """One loop for each ``for``, around what each element runs."""
    frame = walker.frame
    outside, unstarted = frame.scope, walker.unstarted
    iterable = walker.evaluate(generators[0].iter)
    frame.scope = Scope(outside, outside.file, [])
    walker.unstarted = []
    try:
        value = _round(walker, generators, element, iterable)
        for promise in walker.unstarted:
            promise.is_many = True
        return Items([value], walker.depth)
    finally:
        frame.scope = outside
        walker.unstarted = unstarted + walker.unstarted


def _round(walker: Walker, generators: list[ast.comprehension], element: ast.expr, iterable: Value) -> Value:
    first, *others = generators
    found: list[Value] = []

    def read() -> None:
        if first.is_async:
            promises.settle(walker, iterable)
        objects.bind_target(walker, first.target, objects.element_of(iterable))
        for condition in first.ifs:
            walker.evaluate(condition)
        if others:
            found.append(_round(walker, others, element, walker.evaluate(others[0].iter)))
        else:
            found.append(walker.evaluate(element))

    walker.depth += 1
    nodes = walker.collect(read)
    walker.depth -= 1
    if has_content(nodes):
        walker.emit({"type": "loop", "nodes": nodes})
    return Many(found[0])
