"""
A warning for packages that ``run()`` imports itself.

What a module imports at its top is imported once, or is in the snapshot that interpreters start from. What ``run()``
imports is imported again by each interpreter in which the instance is replayed.
"""

from __future__ import annotations

import sys
import warnings
from time import perf_counter
from typing import TYPE_CHECKING, Any

from _workflows_bridge.origin import origin

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

SLOW_S = 0.3
"""Seconds above which an import is worth a warning."""


def watch_imports(clock: Callable[[], float] = perf_counter) -> None:
    """Warn of each slow import in a ``run()`` from now on."""
    if not any(isinstance(finder, _Watcher) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Watcher(clock))


class _Watcher:
    """Finds nothing by itself: it puts a clock around what the other finders find."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The spec of the package *name*, if ``run()`` imports it; None leaves it to the others."""
        found = origin.get()
        # Inside a step an import is part of the step, which is not run again.
        if "." in name or found is None or found.ref is not None:
            return None
        for finder in sys.meta_path:
            if finder is not self and (spec := finder.find_spec(name, path, target)):
                if hasattr(spec.loader, "exec_module"):
                    loader: Any = _TimedLoader(spec.loader, self._clock)
                    spec.loader = loader
                return spec
        return None


class _TimedLoader:
    """Loads as *loader* does, and leaves it in its place in what was loaded."""

    def __init__(self, loader: Any, clock: Callable[[], float]) -> None:  # noqa: ANN401 - any importer's
        self._loader = loader
        self._clock = clock

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - as the loader has it
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        module: ModuleType | None = self._loader.create_module(spec)
        return module

    def exec_module(self, module: ModuleType) -> None:
        module.__loader__ = self._loader
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        began = self._clock()
        self._loader.exec_module(module)
        took = self._clock() - began
        if took > SLOW_S:
            name = module.__name__
            warnings.warn(
                f"run() imported {name!r}, which took {took:.1f} s. Each interpreter that replays the instance imports "
                f"it again. Import {name!r} at the top of the module.",
                RuntimeWarning,
                stacklevel=2,
            )
