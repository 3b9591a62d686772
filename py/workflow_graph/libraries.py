"""Functions of Python's library that carry steps on: asyncio's, and those of lists and dicts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import calls, objects, promises, texts
from .values import (
    HOLE,
    UNKNOWN,
    Binding,
    Choice,
    Constant,
    Environment,
    Function,
    Items,
    Library,
    Many,
    Method,
    ObjectValue,
    Promise,
    StepObject,
    Table,
    TaskGroup,
    Text,
    Value,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from .calls import EvaluatedCall
    from .walker import Walker

STARTERS = {"create_task", "ensure_future", "start_soon", "run_coroutine_threadsafe"}
"""Methods, whatever their object, that begin what they are given."""


def call(walker: Walker, name: str, given: EvaluatedCall) -> Value:
    """Call the library's function *name*."""
    reader = _FUNCTIONS.get(name)
    if reader is not None:
        return reader(walker, given)
    if name.rpartition(".")[2] in STARTERS:
        return _begin_task(walker, given)
    return calls.unknown(walker, given)


def _gather(walker: Walker, given: EvaluatedCall) -> Value:
    is_settled = given.keywords.get("return_exceptions")
    kind = "all_settled" if isinstance(is_settled, Constant) and is_settled.value is True else "all"
    return promises.gather(walker, given.arguments, kind)


_WAITS = {"FIRST_COMPLETED": "race", "FIRST_EXCEPTION": "all", "ALL_COMPLETED": "all_settled"}


def _wait(walker: Walker, given: EvaluatedCall) -> Value:
    until = given.argument(2, "return_when")
    word = until.name.rpartition(".")[2] if isinstance(until, Library) else getattr(until, "text", "ALL_COMPLETED")
    tasks = given.argument(0, "fs")
    group = promises.gather(walker, [tasks] if tasks else [], _WAITS.get(word, "all_settled"))
    group.result = Items([tasks or UNKNOWN, tasks or UNKNOWN])
    return group


def _as_completed(walker: Walker, given: EvaluatedCall) -> Value:
    group = promises.gather(walker, given.arguments[:1], "all")
    promises.settle(walker, group)
    return Items([Many(UNKNOWN)])


def _pass_on(_walker: Walker, given: EvaluatedCall) -> Value:
    return given.arguments[0] if given.arguments else UNKNOWN


def _items(walker: Walker, given: EvaluatedCall) -> Value:
    if not given.arguments:
        return Items([], walker.depth)
    first = given.arguments[0]
    return Items(list(first.items), walker.depth) if isinstance(first, Items) else first


def _begin_task(walker: Walker, given: EvaluatedCall) -> Value:
    first = given.arguments[0] if given.arguments else UNKNOWN
    if isinstance(first, Function) or hasattr(first, "decorator"):
        # `start_soon(function, *arguments)` of other libraries.
        first = calls.call(walker, calls.EvaluatedCall(first, given.arguments[1:], {}, given.node))
    return promises.start(walker, first)


def _make_group(_walker: Walker, _given: EvaluatedCall) -> Value:
    return TaskGroup()


def _enumerate(_walker: Walker, given: EvaluatedCall) -> Value:
    return Items([Many(Items([UNKNOWN, _element(given.arguments[0] if given.arguments else UNKNOWN)]))])


def _zip(_walker: Walker, given: EvaluatedCall) -> Value:
    return Items([Many(Items([_element(each) for each in given.arguments]))])


def _element(value: Value) -> Value:
    return objects.element_of(value)


def _map(walker: Walker, given: EvaluatedCall) -> Value:
    function, *lists = given.arguments or [UNKNOWN]
    elements = [_element(each) for each in lists]
    result: list[Value] = []

    def read() -> None:
        result.append(calls.call(walker, calls.EvaluatedCall(function, elements, {}, given.node)))

    nodes = walker.collect(read)
    if nodes:
        walker.emit({"type": "loop", "nodes": nodes})
    return Items([Many(result[0])])


def _partial(_walker: Walker, given: EvaluatedCall) -> Value:
    first, *rest = given.arguments or [UNKNOWN]
    if isinstance(first, Function):
        bound = {**first.keywords, **given.keywords}
        return Function(first.node, first.scope, first.owner, first.defined_in, (*first.arguments, *rest), bound)
    return first


def _dict(_walker: Walker, given: EvaluatedCall) -> Value:
    first = given.arguments[0] if given.arguments else Table({})
    if not isinstance(first, Table):
        return UNKNOWN
    return Table({**first.entries, **given.keywords}, first.rest)


def _str(_walker: Walker, given: EvaluatedCall) -> Value:
    return texts.as_text(given.arguments[0]) if given.arguments else Text("")


def _timedelta(_walker: Walker, given: EvaluatedCall) -> Value:
    return texts.timedelta(given.arguments, given.keywords)


def _super(walker: Walker, _given: EvaluatedCall) -> Value:
    frame = walker.frame
    if frame.owner is None:
        return UNKNOWN
    return ObjectValue(frame.owner.made_from, frame.owner.attributes, frame.defined_in)


def _getattr(walker: Walker, given: EvaluatedCall) -> Value:
    owner, name = given.argument(0, "o") or UNKNOWN, given.argument(1, "name")
    if isinstance(name, Text) and not name.is_dynamic:
        return objects.attribute(walker, owner, name.text)
    # Which method it is only a run knows; a step's own would run a step.
    return Method(owner, HOLE) if isinstance(owner, StepObject | ObjectValue | Environment) else UNKNOWN


_FUNCTIONS: dict[str, Callable[[Walker, EvaluatedCall], Value]] = {
    "asyncio.gather": _gather,
    "asyncio.wait": _wait,
    "asyncio.as_completed": _as_completed,
    "asyncio.wait_for": _pass_on,
    "asyncio.shield": _pass_on,
    "asyncio.TaskGroup": _make_group,
    "builtins.list": _items,
    "builtins.tuple": _items,
    "builtins.set": _items,
    "builtins.frozenset": _items,
    "builtins.sorted": _items,
    "builtins.reversed": _items,
    "builtins.iter": _pass_on,
    "builtins.enumerate": _enumerate,
    "builtins.zip": _zip,
    "builtins.map": _map,
    "builtins.filter": lambda _walker, given: given.arguments[1] if len(given.arguments) > 1 else UNKNOWN,
    "builtins.dict": _dict,
    "builtins.str": _str,
    "builtins.super": _super,
    "builtins.getattr": _getattr,
    "functools.partial": _partial,
    "datetime.timedelta": _timedelta,
}


def call_method(walker: Walker, method: Method, given: EvaluatedCall) -> Value:
    """Call a method of what is not an object of the source."""
    owner, name = method.owner, method.name
    if name in STARTERS:
        task = _begin_task(walker, given)
        if isinstance(owner, TaskGroup) and isinstance(task, Promise):
            owner.tasks.append(task)
        return task
    match owner:
        case Binding():
            return calls.call_binding(walker, owner, name, given)
        case Items():
            return _of_items(walker, owner, name, given)
        case Table(entries=entries):
            return _of_table(entries, name, given)
        case Text() if name == "format":
            return texts.fill(owner)
    is_own = name == HOLE and isinstance(owner, StepObject | ObjectValue)
    return calls.call_dynamic(walker, given) if is_own else calls.unknown(walker, given)


def _of_table(entries: dict[str, Value], name: str, given: EvaluatedCall) -> Value:
    match name:
        case "values":
            return Items(list(entries.values()))
        case "items":
            return Items([_pair(each) for each in entries.values()])
        case "get" | "pop":
            return _entry(entries, given)
    return UNKNOWN


def _pair(value: Value) -> Value:
    """A key that only a run knows, with *value*."""
    return Many(_pair(value.value)) if isinstance(value, Many) else Items([UNKNOWN, value])


def _entry(entries: dict[str, Value], given: EvaluatedCall) -> Value:
    key = given.argument(0, "key")
    if isinstance(key, Text) and not key.is_dynamic:
        return entries.get(key.text) or given.argument(1, "default") or UNKNOWN
    found: list[tuple[str | None, Value]] = [
        (repr(name), value) for name, value in entries.items() if not isinstance(value, Text | Constant)
    ]
    return Choice(found) if len(found) > 1 else UNKNOWN


def _of_items(walker: Walker, owner: Items, name: str, given: EvaluatedCall) -> Value:
    """Lists that grow inside a loop have as many of the value as the loop has rounds."""
    value = given.arguments[-1] if given.arguments else UNKNOWN
    if value is owner:
        # A list that is in itself has no end.
        return UNKNOWN
    if name in {"append", "add", "insert", "appendleft"}:
        for _ in range(max(0, walker.depth - owner.depth)):
            value = Many(value)
        owner.items.append(value)
        return UNKNOWN
    if name == "extend" and isinstance(value, Items):
        owner.items += [Many(item) for item in value.items] if walker.depth > owner.depth else value.items
        return UNKNOWN
    if name in {"pop", "popleft"}:
        return _element(owner)
    return Items(list(owner.items), owner.depth) if name == "copy" else UNKNOWN
