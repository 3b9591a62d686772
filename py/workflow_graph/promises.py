"""What is awaited, where it is created, and what runs at the same time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .nodes import as_one, first_leaves, has_content, last_leaves, leaves
from .values import UNKNOWN, Choice, Items, Many, Promise, Table, Value

if TYPE_CHECKING:
    from .values import Node
    from .walker import Walker


def settle(walker: Walker, value: Value) -> Value:
    """Await *value*. Nodes that begin here have neither ``starts`` nor ``resolves``."""
    match value:
        case Promise(begin=None):
            _resolve(walker, [value])
            return value.result
        case Promise():
            value.result = _begin(value)
            return value.result
        case Choice(options=options):
            waiting = [(label, option) for label, option in options if isinstance(option, Promise)]
            if len(waiting) <= 1:
                return settle(walker, waiting[0][1]) if waiting else UNKNOWN
            _settle_choice(walker, waiting, value.discriminant)
    return UNKNOWN


def _begin(promise: Promise) -> Value:
    begin, promise.begin = promise.begin, None
    return begin() if begin else promise.result


def _settle_choice(walker: Walker, options: list[tuple[str | None, Promise]], discriminant: str | None) -> None:
    before = set(walker.done)
    branches: list[Node] = []
    for label, promise in options:
        walker.done = set(before)
        branches.append({"condition": label, "nodes": walker.collect(lambda promise=promise: settle(walker, promise))})  # type: ignore[misc]
    walker.done = before
    if not any(has_content(branch["nodes"]) for branch in branches):
        return
    if discriminant is None:
        walker.emit({"type": "if", "branches": branches})
    else:
        walker.emit({"type": "switch", "discriminant": discriminant, "branches": branches})


def start(walker: Walker, value: Value) -> Value:
    """Begin *value* without awaiting it: its nodes get ``starts`` here, and ``resolves`` where it is awaited."""
    if not isinstance(value, Promise) or value.begin is None:
        return value
    nodes = walker.collect(lambda: _keep_result(value))
    if value.is_many and nodes:
        nodes = [{"type": "loop", "nodes": nodes}]
    _track(walker, value, nodes)
    if nodes:
        node = as_one(nodes)
        value.nodes = [node]
        walker.emit(node)
    return value


def _keep_result(promise: Promise) -> Value:
    promise.result = _begin(promise)
    return promise.result


def _track(walker: Walker, promise: Promise, nodes: list[Node]) -> None:
    promise.frame = walker.frame
    promise.leaves = last_leaves(nodes)
    for leaf in first_leaves(nodes):
        leaf.setdefault("starts", walker.frame.counter)


def start_eager(walker: Walker) -> None:
    """At the end of a statement: what begins by itself and was not awaited has begun."""
    unstarted, walker.unstarted = walker.unstarted, []
    for promise in unstarted:
        start(walker, promise)


def _resolve(walker: Walker, promises: list[Promise]) -> None:
    """Await promises that have begun before, all at once."""
    open_leaves = [(each.frame, leaf) for each in promises for leaf in each.leaves if "resolves" not in leaf]
    counts = {id(frame): (frame or walker.frame).advance() for frame in {frame for frame, _ in open_leaves}}
    for frame, leaf in open_leaves:
        leaf["resolves"] = counts[id(frame)]


def gather(walker: Walker, values: list[Value], kind: str) -> Promise:
    """Begin all of *values* at the same time, as one node. Awaiting the result awaits them all."""
    values = [item for value in values for item in (value.items if isinstance(value, Items) else [value])]
    begun = [promise for value in values for promise in _promises(value) if promise.begin is None]
    entries = _take_back(walker, begun)
    group = Promise(None, Items(list(values)))
    for value in values:
        nodes = walker.collect(lambda value=value: _begin_entry(walker, value))  # type: ignore[misc]
        if nodes:
            entries.append(as_one(nodes))
            _track(walker, group, nodes)
    group.frame = walker.frame
    group.leaves = [leaf for entry in entries for leaf in last_leaves([entry])]
    group.leaves += [leaf for promise in begun for leaf in promise.leaves if leaf not in group.leaves]
    if entries:
        node = {"type": "parallel", "kind": kind, "nodes": entries}
        group.nodes = [node]
        walker.emit(node)
    return group


def _begin_entry(walker: Walker, value: Value) -> None:
    """Begin one entry of a group; a comprehension is a loop of entries."""
    match value:
        case Promise(begin=begin) if begin is not None:
            _keep_result(value)
        case Many(value=inside):
            nodes = walker.collect(lambda: _begin_entry(walker, inside))
            if nodes:
                walker.emit({"type": "loop", "nodes": nodes})
        case Choice(options=options):
            promises = [(label, option) for label, option in options if isinstance(option, Promise) and option.begin]
            _settle_choice(walker, promises, value.discriminant)
        case Items() | Table():
            for item in value.items if isinstance(value, Items) else value.entries.values():
                _begin_entry(walker, item)


def _promises(value: Value) -> list[Promise]:
    match value:
        case Promise():
            return [value]
        case Many(value=inside):
            return _promises(inside)
        case Items(items=items):
            return [promise for item in items for promise in _promises(item)]
        case Choice(options=options):
            return [promise for _, option in options for promise in _promises(option)]
    return []


def _take_back(walker: Walker, begun: list[Promise]) -> list[Node]:
    """
    Take the nodes of *begun* out of the block, where nothing came after them.

    What begins right before it is gathered is drawn as what begins inside the call.
    """
    wanted = {id(leaf) for promise in begun for leaf in leaves(promise.nodes)}
    block = walker.frame.block
    start = len(block)
    while start > 0 and (found := list(leaves([block[start - 1]]))) and all(id(leaf) in wanted for leaf in found):
        start -= 1
    taken = block[start:]
    if len(list(leaves(taken))) != len(wanted):
        return []
    del block[start:]
    return taken


def end_group(walker: Walker, nodes: list[Node], tasks: list[Promise]) -> None:
    """The end of a task group with *nodes* in its body: they run at the same time, and the group awaits its *tasks*."""
    if not tasks:
        walker.frame.block += nodes
        return
    entries: list[Node] = []
    own: list[Node] = []
    for node in nodes:
        if any("starts" in leaf for leaf in first_leaves([node])):
            entries += [as_one(own)] if own else []
            entries.append(node)
            own = []
        else:
            own.append(node)
    entries += [as_one(own)] if own else []
    if entries:
        walker.emit({"type": "parallel", "kind": "all", "nodes": entries})
    _resolve(walker, tasks)
