"""The modules of a project, each read once, and what names in them stand for."""

from __future__ import annotations

import ast
import warnings
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from .scopes import Scope
from .values import UNKNOWN, Class, Environment, Function, Library, Module, Value

if TYPE_CHECKING:
    from collections.abc import Callable


class ModuleSources:
    """
    Modules by their path from the project's root, such as ``flows/order.py``.

    Imports are found beside the main file, as when a workflow runs. What is not there is taken for a library.
    """

    def __init__(self, read: Callable[[str], str | None], main: str) -> None:
        """*read* gives the text of a path, or None if there is no such file."""
        self._read = read
        self.main = main
        self._root = PurePosixPath(main).parent
        self._modules: dict[str, Scope | None] = {}

    def main_module(self) -> Scope:
        """
        The names of the main file.

        Raises:
            SyntaxError: It does not parse.
            FileNotFoundError: There is no such file.
        """
        text = self._read(self.main)
        if text is None:
            raise FileNotFoundError(self.main)
        scope = self._modules[self.main] = self._open(self.main, text)
        return scope

    def find(self, name: str) -> Value:
        """What ``import name`` gives."""
        if name in {"workers.env", "cloudflare.workers.env"}:
            return Environment()
        scope = self._module(name)
        return Module(scope) if scope else Library(name)

    def _module(self, name: str) -> Scope | None:
        base = self._root / name.replace(".", "/")
        for path in (f"{base}.py", f"{base}/__init__.py"):
            if path not in self._modules:
                text = self._read(path)
                try:
                    self._modules[path] = None if text is None else self._open(path, text)
                except (SyntaxError, ValueError, RecursionError, MemoryError):
                    # What it has is unknown, as with a library; the main file can be drawn all the same.
                    self._modules[path] = None
            if (scope := self._modules[path]) is not None:
                return scope
        return None

    def _open(self, path: str, text: str) -> Scope:
        with warnings.catch_warnings():
            # The interpreter that runs the code shows its warnings.
            warnings.simplefilter("ignore")
            tree = ast.parse(text, path)
        scope = Scope(None, path, tree.body)
        self._declare(scope, tree.body)
        return scope

    def _declare(self, scope: Scope, body: list[ast.stmt]) -> None:
        """Let *scope* have what *body* binds. Values are found when they are asked for."""
        for statement in body:
            match statement:
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                    scope.names[name] = Function(statement, scope)
                case ast.ClassDef(name=name):
                    scope.names[name] = Class(statement, scope)
                case ast.Import() | ast.ImportFrom():
                    self.bind_import(scope, statement)
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    scope.lazy[name] = lambda value=value: constant(scope, value)  # type: ignore[misc]
                case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                    scope.lazy[name] = lambda value=value: constant(scope, value)  # type: ignore[misc]
                case ast.If() | ast.Try() | ast.With():
                    for field in ("orelse", "handlers", "finalbody", "body"):
                        for inner in getattr(statement, field, ()):
                            self._declare(scope, [inner] if isinstance(inner, ast.stmt) else inner.body)

    def bind_import(self, scope: Scope, statement: ast.Import | ast.ImportFrom) -> None:
        """Bind what *statement* imports, when it is asked for."""
        if isinstance(statement, ast.Import):
            for alias in statement.names:
                name = alias.name if alias.asname else alias.name.partition(".")[0]
                self._bind(scope, alias.asname or name, name, None)
            return
        module = statement.module or ""
        if statement.level:
            package = PurePosixPath(scope.file).relative_to(self._root).parent
            for _ in range(statement.level - 1):
                package = package.parent
            module = ".".join([*package.parts, *([module] if module else [])])
        for alias in statement.names:
            self._bind(scope, alias.asname or alias.name, module, alias.name)

    def _bind(self, scope: Scope, name: str, module: str, attribute: str | None) -> None:
        def find() -> Value:
            if attribute is None:
                return self.find(module)
            found = self._module(module)
            inside = found.find(attribute) if found and found is not scope else None
            return inside or self.find(f"{module}.{attribute}" if module else attribute)

        scope.names.pop(name, None)
        scope.lazy[name] = find


def constant(scope: Scope, node: ast.expr) -> Value:
    """What an expression outside all functions gives, as far as it is plain."""
    from .expressions import evaluate  # noqa: PLC0415 - expressions need modules in turn
    from .scopes import Frame  # noqa: PLC0415
    from .walker import Walker  # noqa: PLC0415

    if isinstance(node, ast.Await):
        return UNKNOWN
    sources = ModuleSources(lambda _path: None, scope.file)
    return evaluate(Walker(sources, Frame(scope)), node)
