"""
Steps that depend on steps: which result goes to which parameter, and what runs only once.

A dependency that has finished in this run, or is under way, is not run again. That memory serves dependencies alone:
who calls a step twice gets two steps.
"""

from __future__ import annotations

import inspect
import sys
from asyncio import Future, gather, get_running_loop
from types import FunctionType
from typing import TYPE_CHECKING, Any

from _workflows_bridge.errors import from_wire
from _workflows_bridge.values import decode

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Sequence

    from ._plan import Plan

CONTEXT = "ctx"
"""The parameter that gets the step's context."""

NO_PARAMETERS: list[Any] = []
"""Parameters and arguments of a callback that takes none."""

_VARIADIC = inspect.CO_VARARGS | inspect.CO_VARKEYWORDS


class Node:
    """A decorated function: one step, as often as it is called."""

    finished = False
    text: str | None = None
    """Canonical text of the result, where it is small."""
    count = 0
    """Which step of its name it was that has finished, where its text is not small."""
    waiting: list[Future[Any]] | None = None
    """While the step is under way: those who wait for it as a dependency."""
    waits_for: set[Node] | None = None
    parameters: list[str] | None = None
    """Names of the callback's parameters, in order. Nobody looks before the first call."""

    def __init__(
        self,
        name: str,
        function: Callable[..., Any],
        depends: Sequence[Any] | None,
        plan: Plan,
        concurrent: bool,  # noqa: FBT001 - all of it is given by position, for every step
    ) -> None:
        """Describe the step; nothing is looked up before it is called."""
        self.name = name
        self.function = function
        self.plan = plan
        self.function_name: str | None = getattr(function, "__name__", None)
        self.depends = depends
        self.concurrent = concurrent


_SMALL_TEXT_CHARACTERS = 256
"""Results that are not longer are not counted: the limit of steps bounds them."""
_MAX_TEXT_CHARACTERS = 64 * 1024
_MAX_TEXTS_CHARACTERS = 16 * 1024 * 1024
"""Longer results, and all that come after so many characters, are fetched from the log when they are needed."""


class Graph:
    """The decorated steps of one run."""

    def __init__(
        self, run: Callable[[Node, list[Any]], Future[Any]], fetch: Callable[[str, int], Awaitable[str]]
    ) -> None:
        """
        Begin without steps.

        Args:
            run: Calls the step of a node with the results of its dependencies, in order of the parameters. Gives
                canonical text.
            fetch: Gets the canonical text of what the step of this name and count gave.
        """
        self._run = run
        self._fetch = fetch
        self._room = _MAX_TEXTS_CHARACTERS
        self._by_step_name: dict[str, Node] = {}
        self._by_function_name: dict[str, Node] = {}

    def close(self, refuse: Callable[[Node, list[Any]], Future[Any]]) -> None:
        """The run is over: *refuse* is what a call gets that comes late."""
        self._run = refuse

    def add(self, node: Node) -> Callable[[], Coroutine[Any, Any, Any]]:
        """Let *node* be found by its names, and give its `caller`. A later one of the same name takes its place."""
        self._by_step_name[node.name] = node
        if node.function_name is not None:
            self._by_function_name[node.function_name] = node
        return self.caller(node)

    def caller(self, node: Node) -> Callable[[], Coroutine[Any, Any, Any]]:
        """A coroutine function that runs *node* after what it depends on, and gives what the callback returns."""

        async def call():  # type: ignore[no-untyped-def]  # noqa: ANN202 - it is made for every step
            # Entered before its own dependencies are resolved, so that a deep diamond runs the shared step once.
            waiting = node.waiting = []
            future = None
            try:
                parameters = node.parameters
                if parameters is None:
                    parameters = node.parameters = _parameters_of(node.function)
                if parameters or node.depends:
                    dependencies = self._dependencies(node, parameters)
                    arguments = await self._resolve(node, dependencies) if dependencies else []
                    future = self._run(node, arguments)
                else:
                    future = self._run(node, NO_PARAMETERS)
                text = await future or "null"
            except BaseException as error:
                _settle(node, waiting, _fail, (error, getattr(future, "wire", None)))
                raise
            node.finished = True
            node.text = text
            if len(text) > _SMALL_TEXT_CHARACTERS:
                self._bound_text(node, text, future)
            if waiting:
                _settle(node, waiting, Future.set_result, text)
            elif node.waiting is waiting:
                node.waiting = None
            return decode(text)

        return call

    def _bound_text(self, node: Node, text: str, future: Future[Any]) -> None:
        """Keep no *text* that is long or that has no room: what depends on *node* fetches it, by its count."""
        node.count = getattr(future, "count", 0)
        if node.count and len(text) > min(self._room, _MAX_TEXT_CHARACTERS):
            node.text = None
        else:
            self._room -= len(text)

    def _dependencies(self, node: Node, parameters: list[str]) -> list[Node]:
        names = [name for name in parameters if name != CONTEXT or self._is_step(node, name)]
        if node.depends is None:
            return [self._find(node, name) for name in names]
        if len(names) != len(node.depends):
            raise TypeError(
                f"Step '{node.name}' has {len(names)} parameters besides 'ctx', but depends on {len(node.depends)} "
                "steps. The two are matched by position."
            )
        return [_node_of(node, dependency) for dependency in node.depends]

    def _is_step(self, node: Node, name: str) -> bool:
        return node.depends is None and name in self._by_step_name

    def context_index(self, node: Node) -> int | None:
        """Where the callback has a parameter for the context. A step of that name comes first."""
        if not node.parameters or CONTEXT not in node.parameters or self._is_step(node, CONTEXT):
            return None
        return node.parameters.index(CONTEXT)

    def _find(self, node: Node, name: str) -> Node:
        found = self._by_step_name.get(name) or self._by_function_name.get(name)
        if found is None:
            known = ", ".join(sorted({*self._by_step_name, *self._by_function_name} - {node.name})) or "none"
            raise TypeError(
                f"Received unexpected parameter {name} in step '{node.name}': it is neither 'ctx' nor the name of "
                f"a step or of its function. Steps: {known}."
            )
        return found

    async def _resolve(self, node: Node, dependencies: list[Node]) -> list[Any]:
        try:
            if node.concurrent:
                return list(await gather(*(self._result_of(node, each) for each in dependencies)))
            return [await self._result_of(node, each) for each in dependencies]
        finally:
            node.waits_for = None

    async def _result_of(self, node: Node, dependency: Node) -> Any:  # noqa: ANN401 - what the callback returns
        if dependency.finished:
            text = dependency.text
            return decode(await self._fetch(dependency.name, dependency.count) if text is None else text)
        if cycle := _path(dependency, node):
            raise TypeError(f"Steps depend on each other in a circle: {' -> '.join([node.name, *cycle])}.")
        if node.waits_for is None:
            node.waits_for = set()
        node.waits_for.add(dependency)
        if dependency.waiting is None:
            return await self.caller(dependency)()
        future: Future[Any] = get_running_loop().create_future()
        dependency.waiting.append(future)
        return decode(await future)


def _settle(
    node: Node, waiting: list[Future[Any]], settle: Callable[[Future[Any], Any], object], outcome: object
) -> None:
    """*node* is under way no more: tell those who wait for it."""
    if node.waiting is waiting:
        node.waiting = None
    for future in waiting:
        if not future.done():
            settle(future, outcome)


def _fail(future: Future[Any], failure: tuple[BaseException, dict[str, Any] | None]) -> None:
    """Let *future* fail with an exception of its own, where it can be made anew."""
    error, wire = failure
    if isinstance(error, Exception):
        future.set_exception(error if wire is None else from_wire(wire))
    else:
        future.cancel()


def _path(start: Node, end: Node) -> list[str]:
    """The names from *start* to *end* along what waits for what; empty if there is no way."""
    paths = [(start, [start.name])]
    seen = {start}
    while paths:
        node, names = paths.pop()
        if node is end:
            return names
        for following in (node.waits_for or set()) - seen:
            seen.add(following)
            paths.append((following, [*names, following.name]))
    return []


def _node_of(node: Node, dependency: object) -> Node:
    found = getattr(dependency, "_step", None)
    if not isinstance(found, Node):
        raise TypeError(
            f"Step '{node.name}' depends on {dependency!r}, which is no step. Name functions that @step.do() decorates."
        )
    return found


def keyword_only(node: Node) -> list[str]:
    """The last parameters of the callback of *node*, which it takes by keyword only."""
    code = getattr(node.function, "__code__", None)
    if code is not None and not hasattr(node.function, "__wrapped__") and not code.co_kwonlyargcount:
        return NO_PARAMETERS
    try:
        parameters = inspect.signature(node.function).parameters.values()
    except (TypeError, ValueError):
        return NO_PARAMETERS
    return [each.name for each in parameters if each.kind is inspect.Parameter.KEYWORD_ONLY]


def _parameters_of(function: Callable[..., Any]) -> list[str]:
    if type(function) is FunctionType and not hasattr(function, "__wrapped__"):
        code = function.__code__
        if not code.co_flags & _VARIADIC:
            if not (code.co_argcount or code.co_kwonlyargcount):
                return NO_PARAMETERS
            return list(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])
    options: dict[str, Any] = {}
    if sys.version_info >= (3, 14):
        from annotationlib import Format  # noqa: PLC0415 - newer than the oldest Python

        # Annotations may name what exists only for type checkers.
        options["annotation_format"] = Format.FORWARDREF
    return list(inspect.signature(function, **options).parameters)
