"""
The standard library inside the component.

While the component is built its modules lie in a folder; afterwards there is no folder any more. What most programs
import is imported then and there. The code of all the rest is kept in memory, compiled and compressed, and costs an
interpreter nothing before it is asked for.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import linecache
import marshal
import os
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import CodeType, ModuleType

PRELOADED = (
    "annotationlib argparse ast asyncio base64 bisect calendar collections contextlib copy csv dataclasses datetime "
    "decimal difflib email.message enum fractions functools hashlib heapq hmac html http inspect io itertools json "
    "linecache logging math numbers operator os pathlib pprint random re secrets shutil statistics string tempfile "
    "textwrap threading time tokenize traceback types typing unicodedata urllib.parse uuid warnings weakref zoneinfo"
)
"""What programs often import: in every interpreter from its start."""

_LEFT_OUT = {"test", "tests", "idlelib", "idle_test", "tkinter", "turtledemo", "ensurepip", "lib2to3", "__pycache__"}
"""Folders of the library that no workflow is about."""


class Stdlib(importlib.abc.Loader):
    """An importer for the modules that `collect` has found."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._modules: dict[str, tuple[bytes, bool, str]] = {}

    def collect(self, folder: str) -> None:
        """Keep the code of every module under *folder*."""
        for name, path, is_package in _modules_in(folder):
            try:
                with open(path, "rb") as file:  # noqa: PTH123 - pathlib is not needed for anything else
                    code = compile(file.read(), path, "exec", dont_inherit=True)
            except SyntaxError:
                continue  # a template or the like
            self._modules[name] = (zlib.compress(marshal.dumps(code), 6), is_package, path)

    def find_spec(
        self, name: str, _path: Sequence[str] | None = None, _target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """As a finder of `sys.meta_path`."""
        if name not in self._modules:
            return None
        _code, is_package, path = self._modules[name]
        spec = importlib.machinery.ModuleSpec(name, self, origin=path, is_package=is_package)
        spec.has_location = True
        return spec

    def create_module(self, _spec: importlib.machinery.ModuleSpec) -> None:
        """As Python makes it."""

    def exec_module(self, module: ModuleType) -> None:
        """Run the module's code."""
        exec(self.get_code(module.__name__), module.__dict__)  # noqa: S102 - that is what importing is

    def get_code(self, name: str) -> CodeType:
        """The code of the module *name*."""
        code: CodeType = marshal.loads(zlib.decompress(self._modules[name][0]))  # noqa: S302 - our own
        return code


def _modules_in(folder: str, prefix: str = "") -> Iterator[tuple[str, str, bool]]:
    """Name, path and kind of each module under *folder*."""
    for entry in sorted(os.listdir(folder)):  # noqa: PTH208
        path = f"{folder}/{entry}"
        if entry.endswith(".py"):
            name = entry.removesuffix(".py")
            yield (prefix.removesuffix("."), path, True) if name == "__init__" else (prefix + name, path, False)
        elif entry not in _LEFT_OUT and entry.isidentifier() and os.path.isfile(f"{path}/__init__.py"):  # noqa: PTH113
            yield from _modules_in(path, f"{prefix}{entry}.")


def install() -> Stdlib:
    """Import what is wanted in every interpreter, and keep the rest."""
    for name in PRELOADED.split():
        importlib.import_module(name)
    stdlib = Stdlib()
    # Not by the place of `os`, which is frozen and has none.
    stdlib.collect(os.path.dirname(linecache.__file__))  # noqa: PTH120
    return stdlib
