"""The warning for packages that `run()` imports itself."""

from __future__ import annotations

import importlib
import importlib.resources
import sys
import warnings
from contextvars import copy_context

import pytest

from _stepwell_runtime.slow_imports import watch_imports
from _workflows_bridge.origin import Origin, origin

RUN = Origin(None, None)
STEP = Origin(None, 1)


class Clock:
    """Time goes on by *s* seconds with each look at it."""

    def __init__(self, s: float) -> None:
        self.s = s
        self.now = 0.0

    def __call__(self) -> float:
        self.now += self.s
        return self.now


@pytest.fixture
def warned(tmp_path, monkeypatch):
    """Imports a package in a place, with a clock; gives the warnings."""
    monkeypatch.syspath_prepend(str(tmp_path))
    finders = list(sys.meta_path)

    def import_package(place: Origin | None, clock: Clock, name: str = "heavy") -> list[str]:
        (tmp_path / f"{name}_package").mkdir()
        (tmp_path / f"{name}_package" / "__init__.py").write_text("from . import part\n")
        (tmp_path / f"{name}_package" / "part.py").write_text("")
        (tmp_path / f"{name}_package" / "data.txt").write_text("data")
        watch_imports(clock)
        context = copy_context()
        context.run(origin.set, place)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            context.run(importlib.import_module, f"{name}_package")
        return [str(warning.message) for warning in caught]

    yield import_package
    sys.meta_path[:] = finders
    for name in [name for name in sys.modules if name.endswith("_package") or "_package." in name]:
        if (module := sys.modules[name]) and str(tmp_path) in str(getattr(module, "__file__", "")):
            del sys.modules[name]


def test_slow_import_in_run(warned):
    """It names the package, the time and the remedy."""
    (message,) = warned(RUN, Clock(1.5))

    assert message == (
        "run() imported 'heavy_package', which took 1.5 s. Each interpreter that replays the instance imports it "
        "again. Import 'heavy_package' at the top of the module."
    )


def test_fast_import_in_run(warned):
    """What is imported quickly may be imported anywhere."""
    assert warned(RUN, Clock(0.2)) == []


def test_slow_import_in_a_step(warned):
    """A step is not run again, and neither is its import."""
    assert warned(STEP, Clock(1.5)) == []


def test_slow_import_at_the_top(warned):
    """What a module imports at its top is where it should be."""
    assert warned(None, Clock(1.5)) == []


def test_module_is_as_without_the_watch(warned):
    """The module keeps its own loader, with its files."""
    warned(RUN, Clock(1.5))

    module = sys.modules["heavy_package"]
    assert type(module.__spec__.loader).__name__ == type(module.__loader__).__name__ == "SourceFileLoader"
    assert importlib.resources.files(module).joinpath("data.txt").read_text() == "data"
