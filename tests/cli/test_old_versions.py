"""`stepwell sync` where only a version fits that is years older than the newest one."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from dated_index import dated_index
from places import Terminal
from wheels import declare, make_wheel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from places import Place

NATIVE = "cp314-cp314-manylinux_2_17_x86_64"
WARNING = "Warning: greeting 1.0 is locked for runtime pyodide, 6.0 years older: 2.0, the newest, has no wheel for it."
QUESTION = "Lock greeting 1.0 all the same? [y/N]: "
REFUSAL = (
    "Error: greeting 1.0: years older than the newest version; nothing was changed. Allow that with --allow-old.\n"
)


@pytest.fixture
def project(place: Place, index: Path) -> Iterator[Place]:
    """A project whose package has a wheel for the runtime in 1.0 only, which is six years older than 2.0."""
    make_wheel(index, "greeting", "2.0", tag=NATIVE)
    declare(place, "greeting")
    with dated_index(place, index, {"1.0": "2020-01-01", "1.5": "2025-06-01", "2.0": "2026-01-01"}):
        yield place


def ask(project: Place) -> Terminal:
    """A sync in a terminal, up to its question."""
    terminal = Terminal([sys.executable, "-m", "stepwell", "sync"], project)
    terminal.read_until(QUESTION)
    return terminal


def test_refused(project: Place) -> None:
    """Without a terminal to ask in, it is refused, and nothing is left."""
    done = project.run("sync")

    assert (2, True, True) == (done.code, WARNING in done.err, done.err.endswith(REFUSAL)), done.err
    assert ["pyproject.toml"] == [path.name for path in project.folder.iterdir()]


def test_allowed(project: Place) -> None:
    """With the flag it is locked, and the warning stays."""
    done = project.run("sync", "--allow-old")

    assert (0, True) == (done.code, WARNING in done.err), done.err
    assert "VERSION = '1.0'\n" == (project.folder / "python_modules" / "greeting.py").read_text()


def test_confirmed(project: Place) -> None:
    """In a terminal, "y" locks and installs it."""
    terminal = ask(project)
    terminal.type("y")

    assert "pyodide: 1 package locked in pylock.toml, installed in python_modules." in terminal.read_to_end()
    assert "VERSION = '1.0'\n" == (project.folder / "python_modules" / "greeting.py").read_text()


@pytest.mark.parametrize("answer", ["n\n", "\n", "\x03", "\x04"], ids=["n", "Enter", "Ctrl-C", "Ctrl-D"])
def test_declined(project: Place, answer: str) -> None:
    """In a terminal, "n", Enter, Ctrl-C and Ctrl-D change nothing."""
    terminal = ask(project)
    terminal.press_to_end(answer)

    assert ["pyproject.toml"] == [path.name for path in project.folder.iterdir()]


def test_needed_by_another(project: Place, index: Path) -> None:
    """A package that the project does not declare takes a confirmation, too."""
    make_wheel(index, "pages", "1.0", requires=("greeting",))
    declare(project, "pages")

    done = project.run("sync")

    assert (2, True) == (done.code, done.err.endswith(REFUSAL)), done.err


def test_months_older(project: Place, index: Path) -> None:
    """A version of the last year is locked with a warning and no question."""
    make_wheel(index, "greeting", "1.5")

    done = project.run("sync")

    assert (0, True) == (done.code, "Warning: greeting 1.5 is locked for runtime pyodide: 2.0" in done.err), done.err
