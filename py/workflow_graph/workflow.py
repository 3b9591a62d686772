"""From a workflow's source to its graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import objects
from .functions import read
from .nodes import children, tidy_function
from .scopes import Frame, Scope
from .sources import ModuleSources
from .values import UNKNOWN, Class, Function, Library, ObjectValue, StepObject
from .walker import Walker

if TYPE_CHECKING:
    import ast
    from collections.abc import Callable, Iterator

    from .values import Node

VERSION = 1
"""Of the graph's format."""
ENTRYPOINT = "WorkflowEntrypoint"
LIBRARY = "workers"


def build_graph(read_file: Callable[[str], str | None], main: str, class_name: str) -> dict[str, Any]:
    """
    The graph of a workflow, as upstream's interface has it.

    Args:
        read_file: Gives the text of a file by its path from the project's root, or None if there is no such file.
        main: The path of the main file.
        class_name: The workflow's class, defined or imported in the main file.

    Returns:
        ``{"version", "workflow": {"class_name", "functions", "nodes"}}``. A source that cannot be drawn gives a node
        with an ``error``, which says why and where: ``{"message", "file", "line", "column"}``.
    """
    try:
        nodes, functions = _walk(ModuleSources(read_file, main), class_name)
    except SyntaxError as error:
        nodes, functions = [_error(main, f"{error.msg}", error.lineno or 1, error.offset or 1)], {}
    except FileNotFoundError:
        nodes, functions = [_error(main, "The file does not exist", 1, 1)], {}
    except (ValueError, RecursionError, MemoryError) as error:
        nodes, functions = [_error(main, str(error) or "The source is too complex", 1, 1)], {}
    return {"version": VERSION, "workflow": {"class_name": class_name, "functions": functions, "nodes": nodes}}


def workflow_classes(read_file: Callable[[str], str | None], main: str) -> list[str]:
    """
    The names of the workflow classes that the main file defines or imports, in their order there.

    Raises:
        SyntaxError: The file does not parse.
        FileNotFoundError: There is no such file.
    """
    sources = ModuleSources(read_file, main)
    scope = sources.main_module()
    walker = Walker(sources, Frame(scope))
    names = [*scope.names, *scope.lazy]
    found = {}
    for name in names:
        value = scope.find(name)
        if not name.startswith("_") and isinstance(value, Class) and _is_workflow(walker, value):
            line = value.node.lineno if value.scope is scope else 0
            found[value.node.name] = line
    return sorted(found, key=lambda name: found[name])


def _is_workflow(walker: Walker, made: Class) -> bool:
    return any(_is_entrypoint(walker, each, base) for each in objects.bases(walker, made) for base in each.node.bases)


def _is_entrypoint(walker: Walker, made: Class, base: ast.expr) -> bool:
    outside, walker.frame = walker.frame, Frame(made.scope)
    value = walker.evaluate(base)
    walker.frame = outside
    return isinstance(value, Library) and value.name == f"{LIBRARY}.{ENTRYPOINT}"


def _walk(sources: ModuleSources, class_name: str) -> tuple[list[Node], dict[str, Node]]:
    scope = sources.main_module()
    found = _find_class(scope, class_name)
    if found is None:
        return [_error(sources.main, f"The file has no class {class_name}", 1, 1)], {}
    walker = Walker(sources, Frame(scope))
    run, base = objects.member(walker, found, "run")
    if not isinstance(run, Function):
        line = found.node.lineno
        return [_error(found.scope.file, f"Class {class_name} has no method run", line, found.node.col_offset + 1)], {}
    instance = ObjectValue(found)
    initialise, initialise_base = objects.member(walker, found, "__init__")
    if isinstance(initialise, Function):
        method = Function(initialise.node, initialise.scope, instance, initialise_base)
        read(walker, method, [UNKNOWN, UNKNOWN], {})
    frame = read(walker, Function(run.node, run.scope, instance, base), [UNKNOWN, StepObject()], {})
    return _finish(walker, tidy_function(frame.block))


def _find_class(scope: Scope, name: str) -> Class | None:
    """The class *name*, by its own name or by that under which it is imported."""
    value = scope.find(name)
    if isinstance(value, Class):
        return value
    for each in [*scope.names, *scope.lazy]:
        value = scope.find(each)
        if isinstance(value, Class) and value.node.name == name:
            return value
    return None


def _finish(walker: Walker, nodes: list[Node]) -> tuple[list[Node], dict[str, Node]]:
    """*nodes* and the functions that they call. A call of what is not of the source has a function without nodes."""
    functions = {name: body for name, body in walker.definitions.values() if body}
    used: dict[str, Node] = {}
    pending = list(_calls(nodes))
    while pending:
        name = pending.pop(0)
        if name not in used:
            body = functions.get(name, [])
            used[name] = {"type": "function_def", "name": name, "nodes": body}
            pending += _calls(body)
    return nodes, used


def _calls(nodes: list[Node]) -> Iterator[str]:
    for node in nodes:
        node.pop("recursive", None)
        if node["type"] == "function_call":
            yield node["name"]
        for inside in children(node):
            yield from _calls(inside)


def _error(file: str, message: str, line: int, column: int) -> Node:
    """A node that says why there is no graph. Its type is one that every reader of graphs shows with its name."""
    text = f"{message} ({file}, line {line}, column {column})"
    error = {"message": message, "file": file, "line": line, "column": column}
    return {"type": "function_call", "name": text, "error": error}
