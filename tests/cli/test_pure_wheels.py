"""`stepwell sync` of packages that have only a source for the runtime: the native part is left out, or missed."""

from __future__ import annotations

import shutil
import tomllib
from typing import TYPE_CHECKING

import pytest
from wheels import declare, make_source, make_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from places import Place

FLOW = """
    import greeting
    from workers import WorkflowEntrypoint


    class Greeter(WorkflowEntrypoint):
        async def run(self, event, step):
            return greeting.VERSION
"""
NATIVE = "cp314-cp314-manylinux_2_17_x86_64"


@pytest.fixture
def project(place: Place, index: Path, own_cache: Path) -> Place:
    """A project whose package has a native wheel for this machine, and a source, in its newest version."""
    place.environment["STEPWELL_CACHE"] = str(own_cache)
    (index / "greeting-1.0-py3-none-any.whl").unlink()
    make_wheel(index, "greeting", "2.0", tag=NATIVE)
    declare(place, "greeting")
    place.write("flow.py", FLOW)
    return place


@pytest.mark.parametrize("runtime", ["pyodide", "wasmtime"])
def test_optional_native_part(project: Place, index: Path, runtime: str) -> None:
    """A source whose native part is optional becomes a pure wheel, and the lock file names the source."""
    source = make_source(index, "greeting", "2.0")

    done = project.run("sync", "--runtime", runtime)

    assert done.code == 0, done.err
    if runtime == "pyodide":
        assert project.run("run", "flow.py", "--quiet").json == "2.0"
    name = "pylock.toml" if runtime == "pyodide" else "pylock.wasmtime.toml"
    lock = tomllib.loads((project.folder / name).read_text())
    assert (lock["packages"][0]["sdist"]["url"], lock["tool"]["stepwell"]["pure"]) == (source.as_uri(), ["greeting"])
    assert not list(project.folder.rglob("*.so"))


def test_from_the_lock(project: Place, index: Path, own_cache: Path) -> None:
    """The lock file suffices to install it again, from the cache or from the source."""
    make_source(index, "greeting", "2.0")
    assert project.run("sync").code == 0
    lock = (project.folder / "pylock.toml").read_text()
    for kept in (project.folder / "python_modules", own_cache / "pure-wheels"):
        shutil.rmtree(kept)

        assert project.run("sync").code == 0

        assert (project.folder / "python_modules" / "greeting.py").is_file()
        assert (project.folder / "pylock.toml").read_text() == lock


def test_damaged_cache(project: Place, index: Path, own_cache: Path) -> None:
    """A wheel in the cache that has changed is not installed."""
    shutil.rmtree(own_cache / "pure-wheels", ignore_errors=True)
    make_source(index, "greeting", "2.0")
    assert project.run("sync").code == 0
    [wheel] = (own_cache / "pure-wheels").rglob("*.whl")
    whole = wheel.read_bytes()
    wheel.write_bytes(b"damaged")
    (project.folder / "python_modules" / ".stepwell.json").unlink()

    assert project.run("sync").code == 0

    assert wheel.read_bytes() == whole


def test_other_source(project: Place, index: Path, own_cache: Path) -> None:
    """A source that is not the locked one is refused by its hash."""
    make_source(index, "greeting", "2.0")
    assert project.run("sync").code == 0
    for folder in (project.folder / "python_modules", own_cache / "pure-wheels", own_cache / "pure-builds"):
        shutil.rmtree(folder)
    make_source(index, "greeting", "2.0", needs_native=True)

    done = project.run("sync")

    assert done.code == 2
    assert "ash mismatch" in done.err, done.err
    assert not (project.folder / "python_modules").exists()


def test_needs_native_part(project: Place, index: Path) -> None:
    """A package that needs its native part is named, and not the one that needs the package."""
    make_source(index, "greeting", "2.0", needs_native=True)
    make_wheel(index, "pages", "1.0", requires=("greeting",))
    declare(project, "pages")

    done = project.run("sync")

    assert done.code == 2
    assert "pages needs greeting, which has no wheel for runtime pyodide." in done.err
    assert not (project.folder / "pylock.toml").exists()


def test_older_version(project: Place, index: Path) -> None:
    """A warning about an older version says what the newest one lacks."""
    make_source(index, "greeting", "2.0", needs_native=True)
    make_wheel(index, "pages", "2.0", requires=("greeting",))
    make_wheel(index, "pages", "1.0")
    declare(project, "pages")

    done = project.run("sync")

    assert done.code == 0, done.err
    assert "pages 1.0 is locked for runtime pyodide: 2.0, the newest, needs greeting, which has no wheel" in done.err
