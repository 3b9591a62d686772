"""Modules that cannot be here: an import says why, and which runtimes have them."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

_NATIVE = (".so", ".pyd", ".dylib")
_OF_JAVASCRIPT = {"js", "pyodide", "pyodide_js"}


class Missing:
    """The last finder: it finds nothing, and says why."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """As a finder of `sys.meta_path`. Raises for what the runtime lacks, and gives None for what nobody knows."""
        root, _, _ = name.partition(".")
        if root in _OF_JAVASCRIPT:
            raise _lacking(name, f"{name!r} is JavaScript's", "pyodide")
        file = _native_file(name.rpartition(".")[2], sys.path if path is None else path)
        if file is not None:
            reason = f"{file} is native code, which a sandboxed interpreter cannot load"
            # No ModuleNotFoundError: `from package import name` would swallow it.
            raise ImportError(
                _message(name, reason, "cpython (and pyodide, if the package has a wheel for it)"), name=name
            )
        if root in sys.stdlib_module_names and "." not in name:
            raise _lacking(
                name, "this module of the standard library needs what a sandboxed interpreter lacks", "cpython"
            )
        return None


def _lacking(name: str, reason: str, runtimes: str) -> ModuleNotFoundError:
    return ModuleNotFoundError(_message(name, reason, runtimes), name=name)


def _message(name: str, reason: str, runtimes: str) -> str:
    return f"No module named {name!r} in the wasmtime runtime: {reason}. Runtimes that can have it: {runtimes}."


def _native_file(stem: str, folders: Sequence[str]) -> str | None:
    for folder in folders:
        try:
            entries = os.listdir(folder)  # noqa: PTH208 - pathlib is not needed for anything else
        except OSError:
            continue
        for entry in entries:
            if entry.endswith(_NATIVE) and entry.partition(".")[0] == stem:
                return f"{folder}/{entry}"
    return None
