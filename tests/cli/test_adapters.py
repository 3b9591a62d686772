"""`stepwell sync` of what declares an adapter, with an index of a few small wheels."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from wheels import make_wheel

from stepwell.packages.adapters import ADAPTERS, adapters_of

ROOT = Path(__file__).parents[2]
PACKAGE = "workers_pydantic_ai"


@pytest.fixture
def index(place):
    """The only index there is, with an empty package in place of the framework."""
    folder = place.folder / "index"
    make_wheel(folder, "pydantic_ai_slim", "2.70.0")
    place.environment |= {"UV_NO_INDEX": "1", "UV_FIND_LINKS": str(folder)}
    return folder


def declare(place, requirement: str) -> None:
    place.write("pyproject.toml", f'[project]\nname = "p"\nversion = "1"\ndependencies = ["{requirement}"]\n')


@pytest.mark.parametrize("runtime", ["pyodide", "cpython"])
def test_sync(place, index, runtime):
    """The framework comes from the index, the adapter from the distribution."""
    declare(place, "stepwell[pydantic-ai]")

    done = place.run("sync", "--runtime", runtime)
    again = place.run("sync", "--runtime", runtime, "--check")

    assert done.code == 0, done.err
    modules = place.folder / ("python_modules" if runtime == "pyodide" else "python_modules-cpython")
    assert (modules / "pydantic_ai_slim.py").is_file()
    installed = sorted(path.name for path in (modules / PACKAGE).glob("*.py"))
    assert installed == sorted(path.name for path in (ROOT / "py" / PACKAGE).glob("*.py"))
    assert again.code == 0, again.err


def test_adapter_of_another_stepwell(place, index):
    """After an upgrade of Stepwell a sync is due."""
    declare(place, "stepwell[pydantic-ai]")
    place.run("sync")
    stamp = place.folder / "python_modules" / ".stepwell.json"
    stamp.write_text(stamp.read_text().replace(ADAPTERS["pydantic-ai"].digest(), "0" * 16))

    done = place.run("sync", "--check")

    assert done.code == 1
    assert f"hold {PACKAGE} of another Stepwell" in done.err


@pytest.mark.parametrize(
    ("requirement", "message"),
    [
        ("stepwell[pydantic-ai,langchain]", "names no adapter 'langchain'. There is: stepwell[pydantic-ai]."),
        ("stepwell[pydantic-ai]>=99", "requires stepwell[pydantic-ai]>=99; this is Stepwell"),
    ],
)
def test_refused(place, index, requirement, message):
    """An adapter that is unknown, or of another version, is refused with what there is."""
    declare(place, requirement)

    done = place.run("sync")

    assert done.code == 2
    assert message in done.err


@pytest.mark.parametrize(
    ("requirement", "expected"),
    [
        ("stepwell[pydantic-ai]", ["workers_pydantic_ai"]),
        ("stepwell [Pydantic_AI] >= 0.1", ["workers_pydantic_ai"]),
        ("stepwell", []),
        ("stepwell-tools[pydantic-ai]", []),
        ("pydantic-ai-slim", []),
    ],
)
def test_declared(requirement, expected):
    """An adapter is declared as an extra of stepwell."""
    assert [adapter.package for adapter in adapters_of([requirement])] == expected


def test_extras_agree():
    """What `pip install 'stepwell[EXTRA]'` brings is what a sync brings."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]

    assert {extra: list(adapter.requires) for extra, adapter in ADAPTERS.items()} == {
        extra: extras[extra] for extra in ADAPTERS
    }
