"""Compiled code of the deployment's modules: the interpreter that loads it first hands it on to the later ones."""

from __future__ import annotations

import base64
import importlib
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import cache_from_source
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


_imports: Any = importlib.import_module("importlib._bootstrap_external")  # no public place makes such files


def look_in(folder: str) -> None:
    """Find compiled code in *folder*."""
    sys.pycache_prefix = folder


def keep(take: Callable[[str, str], None]) -> None:
    """Give the code of every module that is imported from source to *take*: its place in the folder, and base64."""
    original = SourceFileLoader.get_code

    def get_code(self: SourceFileLoader, fullname: str) -> Any:  # noqa: ANN401 - a code object, or None
        code = original(self, fullname)
        if code is not None:
            stats = self.path_stats(self.path)
            data = _imports._code_to_timestamp_pyc(code, int(stats["mtime"]), stats["size"])  # noqa: SLF001
            place = cache_from_source(self.path).removeprefix(sys.pycache_prefix or "")
            take(place, base64.b64encode(data).decode())
        return code

    SourceFileLoader.get_code = get_code  # type: ignore[method-assign, assignment]
