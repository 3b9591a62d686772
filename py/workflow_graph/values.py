"""The values that a workflow's source can have without being run: what a name may stand for at a place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ast
    from collections.abc import Callable

    from .scopes import Frame, Scope

Node = dict[str, Any]
"""A node of the graph, as it is in the JSON."""

HOLE = "${...}"
"""Stands in a text for what only a run knows."""


class Value:
    """A value of which nothing is known."""


UNKNOWN = Value()


@dataclass(frozen=True, slots=True)
class Text(Value):
    """A str. Parts that only a run knows are `HOLE`; *is_dynamic* says whether there are any."""

    text: str
    is_dynamic: bool = False


@dataclass(frozen=True, slots=True)
class Constant(Value):
    """A number, a bool or None. Durations are numbers of milliseconds."""

    value: float | bool | None


@dataclass(eq=False, slots=True)
class Items(Value):
    """A list, a tuple, a set or an iterator."""

    items: list[Value]
    depth: int = 0
    """How many loops surround the place where it was made."""


@dataclass(eq=False, slots=True)
class Many(Value):
    """Any number of values of one kind, among `Items`."""

    value: Value


@dataclass(eq=False, slots=True)
class Table(Value):
    """A dict with known keys. `rest` says whether it may have further ones."""

    entries: dict[str, Value]
    rest: bool = False


@dataclass(eq=False, slots=True)
class Choice(Value):
    """One of several values. Each option has the condition under which it is the one; None is "otherwise"."""

    options: list[tuple[str | None, Value]]
    discriminant: str | None = None
    """What the options are the values of, as the source has it."""


@dataclass(frozen=True, slots=True)
class StepObject(Value):
    """The object `step` that `run` receives, or JavaScript's own form of it."""

    is_javascript: bool = False


@dataclass(eq=False, slots=True)
class StepMethod(Value):
    """A method of `step`, under its Python name, or in JavaScript's form where *is_javascript*."""

    method: str
    is_javascript: bool = False


@dataclass(eq=False, slots=True)
class StepDecorator(Value):
    """What `step.do(...)` returns, before it has a function."""

    name: Value | None
    depends: Value | None
    is_concurrent: bool
    config: Value | None
    has_rollback: bool
    place: ast.AST


@dataclass(eq=False, slots=True)
class StepFunction(Value):
    """A function that `step.do(...)` has decorated: one step for each call."""

    name: Text
    decorator: StepDecorator
    function: Function | None
    callback: list[Node] | None = None
    """The nodes inside the callback, once they have been read."""

    @property
    def function_name(self) -> str | None:
        """The name in the source."""
        return self.function.name if self.function else None


@dataclass(eq=False, slots=True)
class Function(Value):
    """A function of the source, or a lambda."""

    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    scope: Scope
    owner: ObjectValue | None = None
    """The object whose method it is."""
    defined_in: ast.ClassDef | None = None
    arguments: tuple[Value, ...] = ()
    """Positional arguments that are bound already."""
    keywords: dict[str, Value] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Its name in the source; a lambda has none."""
        return getattr(self.node, "name", "")


@dataclass(eq=False, slots=True)
class Class(Value):
    """A class of the source, and the scope it is in."""

    node: ast.ClassDef
    scope: Scope


@dataclass(eq=False, slots=True)
class ObjectValue(Value):
    """An object of a class of the source. Methods of *start_after* and of the classes before it are passed over."""

    made_from: Class
    attributes: dict[str, Value] = field(default_factory=dict)
    start_after: ast.ClassDef | None = None


@dataclass(frozen=True, slots=True)
class Library(Value):
    """What is imported from elsewhere, by its dotted name, such as ``asyncio.gather``."""

    name: str


class Environment(Value):
    """`self.env`, or `env` of the module `workers`."""


@dataclass(frozen=True, slots=True)
class Binding(Value):
    """A binding in the environment."""

    name: str
    is_dynamic: bool = False


@dataclass(frozen=True, slots=True)
class Method(Value):
    """A method of a value that is not of the source, such as ``tasks.append``."""

    owner: Value
    name: str


@dataclass(eq=False, slots=True)
class TaskGroup(Value):
    """An `asyncio.TaskGroup`, with the tasks that it has begun."""

    tasks: list[Promise] = field(default_factory=list)


@dataclass(eq=False, slots=True)
class Module(Value):
    """A module of the source."""

    scope: Scope


@dataclass(eq=False, slots=True)
class Promise(Value):
    """
    Something to await.

    While *begin* is set nothing of it has run: calling it adds the nodes to the current block, and gives the result. A
    promise that has begun has the *leaves* that end with it, and the *nodes* that it added to a block of *frame*.
    """

    begin: Callable[[], Value] | None
    result: Value = UNKNOWN
    leaves: list[Node] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    frame: Frame | None = None
    is_eager: bool = False
    """Whether it begins with the call, awaited or not."""
    is_many: bool = False
    """Whether it stands for one promise of each round of a comprehension."""


def choose(options: list[tuple[str | None, Value]]) -> Value:
    """One of *options*; a value alone where they are all the same, and no choice where one of them is unknown."""
    first = options[0][1] if options else UNKNOWN
    if all(is_same(first, value) for _, value in options):
        return first
    known = [(label, value) for label, value in options if value is not UNKNOWN]
    flat: list[tuple[str | None, Value]] = []
    for label, value in known:
        flat += value.options if isinstance(value, Choice) else [(label, value)]
    if all(isinstance(value, Text | Constant) for _, value in flat):
        return UNKNOWN
    return flat[0][1] if len(flat) == 1 else Choice(flat)


def is_same(left: Value, right: Value) -> bool:
    """Whether the two are the same wherever they are used."""
    if isinstance(left, Text | Constant | Library | Binding):
        return left == right
    return left is right
