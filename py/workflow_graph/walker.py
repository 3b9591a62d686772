"""One reading of a workflow: where nodes are added, and what is known about steps and functions on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import expressions, promises, statements

if TYPE_CHECKING:
    import ast
    from collections.abc import Callable

    from .scopes import Frame
    from .sources import ModuleSources
    from .values import Node, Promise, StepFunction, Value

MOST_ENTRIES = 3_000
"""Function bodies that are read for one graph, each call counted. Calls beyond it are drawn as calls alone."""
MOST_DEPTH = 30
"""Calls inside calls that are read."""


class Walker:
    """
    Reads functions of the source in the order in which they run, each branch once.

    Attributes:
        frame: The function body that is being read.
        definitions: The functions that have steps, by their place in the source.
        active: The functions that are being read, outermost first.
        by_step_name: Decorated functions by the name of their step, as `step.do` finds dependencies.
        by_function_name: The same by the name of the function.
        done: Steps that have certainly begun at this place.
        depth: How many loops are being read.
        unstarted: Promises that begin by themselves, and have not been awaited in this statement so far.
    """

    def __init__(self, sources: ModuleSources, frame: Frame) -> None:
        """Read from *sources*, beginning in *frame*."""
        self.sources = sources
        self.frame = frame
        self.definitions: dict[ast.AST, tuple[str, list[Node]]] = {}
        self.active: list[ast.AST] = []
        self.by_step_name: dict[str, StepFunction] = {}
        self.by_function_name: dict[str, StepFunction] = {}
        self.done: set[StepFunction] = set()
        self.performing: list[StepFunction] = []
        self.unstarted: list[Promise] = []
        self.entries = 0
        self.depth = 0

    def evaluate(self, node: ast.expr) -> Value:
        """What an expression gives. Steps that it runs are added to the block."""
        return expressions.evaluate(self, node)

    def execute(self, body: list[ast.stmt]) -> None:
        """Read statements."""
        for statement in body:
            statements.execute(self, statement)
            promises.start_eager(self)

    def emit(self, node: Node) -> None:
        """Add *node* to the block."""
        self.frame.block.append(node)

    def collect(self, action: Callable[[], Value | None]) -> list[Node]:
        """The nodes that *action* adds, in a list of their own."""
        outside, self.frame.block = self.frame.block, []
        try:
            action()
            return self.frame.block
        finally:
            self.frame.block = outside

    def place(self, node: ast.AST) -> dict[str, object]:
        """Where *node* is in the source. Lines and columns count from 1."""
        line, column = getattr(node, "lineno", 1), getattr(node, "col_offset", 0) + 1
        return {"file": self.frame.scope.file, "line": line, "column": column}

    def can_enter(self) -> bool:
        """Whether one more function body may be read."""
        self.entries += 1
        return self.entries <= MOST_ENTRIES and len(self.active) < MOST_DEPTH
