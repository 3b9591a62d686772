"""The calls of `step`: what a step, a sleep and a wait are in the graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import functions, promises, texts
from .conditions import source
from .values import (
    UNKNOWN,
    Choice,
    Constant,
    Function,
    Items,
    Promise,
    StepDecorator,
    StepFunction,
    Table,
    Text,
    Value,
)

if TYPE_CHECKING:
    import ast

    from .calls import EvaluatedCall
    from .values import Node, StepMethod
    from .walker import Walker


def call_method(walker: Walker, callee: StepMethod, given: EvaluatedCall) -> Value:
    """Call a method of `step`."""
    if callee.is_javascript and callee.method == "do":
        return _do_javascript(walker, given)
    if callee.method == "do":
        return _decorator(given)
    makers = {"sleep": _sleep, "sleep_until": _sleep_until, "wait_for_event": _wait}
    node = makers[callee.method](walker, callee, given)
    is_eager = callee.method != "wait_for_event" or callee.is_javascript
    promise = Promise(lambda: _emit(walker, node), is_eager=is_eager)
    if is_eager:
        walker.unstarted.append(promise)
    return promise


def _emit(walker: Walker, node: Node) -> Value:
    walker.emit(node)
    return UNKNOWN


def _named(walker: Walker, kind: str, name: Value | None, place: ast.AST) -> Node:
    text = texts.as_text(name or UNKNOWN)
    dynamic = {"dynamic": True} if text.is_dynamic else {}
    return {"type": kind, "name": text.text, **dynamic, "at": walker.place(place)}


def _sleep(walker: Walker, _callee: StepMethod, given: EvaluatedCall) -> Node:
    node = _named(walker, "step_sleep", given.argument(0, "name"), given.node)
    return {**node, "duration": texts.duration(given.argument(1, "duration")), **_expression(given, 1, "duration")}


def _sleep_until(walker: Walker, _callee: StepMethod, given: EvaluatedCall) -> Node:
    node = _named(walker, "step_sleep_until", given.argument(0, "name"), given.node)
    until = texts.duration(given.argument(1, "timestamp"))
    return {**node, "timestamp": str(until), **_expression(given, 1, "timestamp")}


def _expression(given: EvaluatedCall, position: int, keyword: str) -> Node:
    """The source of an argument that only a run knows."""
    if isinstance(given.argument(position, keyword), Text | Constant):
        return {}
    arguments = getattr(given.node, "args", [])
    found = [each.value for each in getattr(given.node, "keywords", ()) if each.arg == keyword]
    found = found or arguments[position : position + 1]
    return {"expression": source(found[0])} if found else {}


def _wait(walker: Walker, callee: StepMethod, given: EvaluatedCall) -> Node:
    node = _named(walker, "step_wait_for_event", given.argument(0, "name"), given.node)
    event_type, timeout = given.argument(1, "event_type"), given.argument(2, "timeout")
    if callee.is_javascript:
        options = event_type.entries if isinstance(event_type, Table) else {}
        event_type, timeout = options.get("type"), options.get("timeout")
    kind = texts.as_text(event_type or UNKNOWN)
    return {**node, "options": {"event_type": kind.text, "timeout": texts.duration(timeout, texts.DEFAULT_WAIT)}}


def _do_javascript(walker: Walker, given: EvaluatedCall) -> Value:
    """``step.js.do(name, config?, callback, rollback?)``, which begins with the call."""
    name, *rest = given.arguments or [UNKNOWN]
    config = next((each for each in rest[:1] if isinstance(each, Table)), None)
    callback = next((each for each in rest if isinstance(each, Function)), None)
    options = next((each for each in rest[1:] if isinstance(each, Table)), Table({}))
    decorator = StepDecorator(
        name, None, is_concurrent=False, config=config, has_rollback="rollback" in options.entries, place=given.node
    )
    step = StepFunction(texts.as_text(name), decorator, callback)
    promise = Promise(lambda: perform(walker, step), is_eager=True)
    walker.unstarted.append(promise)
    return promise


def _decorator(given: EvaluatedCall) -> Value:
    concurrent = given.keywords.get("concurrent")
    return StepDecorator(
        name=given.argument(0, "name"),
        depends=given.argument(1, "depends"),
        # What only a run knows is drawn as it would take longer.
        is_concurrent=isinstance(concurrent, Constant) and concurrent.value is True,
        config=given.keywords.get("config"),
        has_rollback="rollback" in given.keywords,
        place=given.node,
    )


def decorate(walker: Walker, decorator: StepDecorator, function: Value) -> Value:
    """Make a step of *function*."""
    if isinstance(function, StepFunction):
        function = function.function or UNKNOWN
    own = function if isinstance(function, Function) else None
    name = decorator.name
    if name is None or (isinstance(name, Constant) and name.value is None):
        name = Text(own.name) if own and own.name else None
    step = StepFunction(texts.as_text(name or UNKNOWN), decorator, own)
    walker.by_step_name[step.name.text] = step
    if step.function_name:
        walker.by_function_name[step.function_name] = step
    return step


def perform(walker: Walker, step: StepFunction) -> Value:
    """Run *step* after what it depends on."""
    dependencies = _dependencies(walker, step)
    walker.performing.append(step)
    missing = [each for each in dependencies if each not in walker.done and each not in walker.performing]
    if step.decorator.is_concurrent and len(missing) > 1:
        _perform_together(walker, missing)
    else:
        for each in missing:
            if each not in walker.done:
                perform(walker, each)
    walker.performing.pop()
    walker.emit(_node(walker, step, dependencies))
    walker.done.add(step)
    return UNKNOWN


def _perform_together(walker: Walker, steps: list[StepFunction]) -> None:
    """
    Run *steps* at the same time.

    What several of them depend on comes before, so that it is drawn once.
    """
    needs = [_closure(walker, step) for step in steps]
    for shared in _shared(walker, needs):
        if shared not in walker.done:
            perform(walker, shared)
    missing = [step for step in steps if step not in walker.done]
    if len(missing) == 1:
        perform(walker, missing[0])
        return
    done = set(walker.done)
    entries = []
    for step in missing:
        walker.done = set(done)
        entries.append(Promise(lambda step=step: perform(walker, step)))  # type: ignore[misc]
    promises.settle(walker, promises.gather(walker, list(entries), "all"))


def _closure(walker: Walker, step: StepFunction) -> list[StepFunction]:
    """All that *step* depends on and has not run, in the order in which it would, itself last."""
    found: list[StepFunction] = []

    def visit(each: StepFunction, above: tuple[StepFunction, ...]) -> None:
        if each in found or each in above or each in walker.done or each in walker.performing:
            return
        for dependency in _dependencies(walker, each):
            visit(dependency, (*above, each))
        found.append(each)

    visit(step, ())
    return found


def _shared(walker: Walker, needs: list[list[StepFunction]]) -> list[StepFunction]:
    counted = [each for need in needs for each in need]
    return list(dict.fromkeys(each for each in counted if counted.count(each) > 1 and each not in walker.done))


def _dependencies(walker: Walker, step: StepFunction) -> list[StepFunction]:
    """What *step* depends on: of ``depends``, or else by the names of its parameters."""
    given = step.decorator.depends
    if isinstance(given, Items):
        return [found for item in given.items for found in _steps_in(item)]
    if given is not None and not isinstance(given, Constant):
        return []
    return [found for name in _parameters(step) if (found := _by_name(walker, name)) is not None]


def _steps_in(value: Value) -> list[StepFunction]:
    match value:
        case StepFunction():
            return [value]
        case Choice(options=options):
            return [found for _, option in options for found in _steps_in(option)]
    return []


def _parameters(step: StepFunction) -> list[str]:
    if step.function is None:
        return []
    parameters = step.function.node.args
    return [each.arg for each in [*parameters.posonlyargs, *parameters.args, *parameters.kwonlyargs]]


def _by_name(walker: Walker, name: str) -> StepFunction | None:
    return walker.by_step_name.get(name) or walker.by_function_name.get(name)


def _node(walker: Walker, step: StepFunction, dependencies: list[StepFunction]) -> Node:
    decorator = step.decorator
    if step.callback is None:
        step.callback = []
        step.callback = functions.callback_nodes(walker, step.function, [UNKNOWN for _ in _parameters(step)])
    config, is_dynamic = texts.config(decorator.config)
    node = _named(walker, "step_do", step.name, decorator.place)
    node |= {"config": config, "nodes": step.callback}
    if is_dynamic:
        node["dynamic_config"] = True
    if dependencies:
        node["depends"] = [each.name.text for each in dependencies]
    if decorator.has_rollback:
        node["rollback"] = True
    return node
