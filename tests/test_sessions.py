"""The sessions of noxfile.py run every test, and CONTRIBUTING.md says which there are."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
NOXFILE = (TESTS.parent / "noxfile.py").read_text(encoding="utf-8")
FOLDERS = sorted({path.relative_to(TESTS).parts[0] for path in TESTS.rglob("*.test.js")})


def decorators_of(function):
    return [ast.unparse(decorator) for decorator in function.decorator_list]


CONTRIBUTING = (TESTS.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")
SESSIONS = {
    node.name: decorators_of(node)
    for node in ast.parse(NOXFILE).body
    if isinstance(node, ast.FunctionDef) and any("nox.session" in each for each in decorators_of(node))
}
DEFAULT = [name for name, decorators in SESSIONS.items() if "nox.session(default=False)" not in decorators]


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_session_runs_the_folder(folder):
    """Node's tests are found by the folders that a session names; pytest looks everywhere."""
    assert f'"tests/{folder}' in NOXFILE


@pytest.mark.parametrize("name", SESSIONS)
def test_a_session_has_a_budget(name):
    """Each session says how long it may take."""
    assert any(each.startswith("budget(") for each in SESSIONS[name])


def listed(heading):
    """The sessions of a table of CONTRIBUTING.md."""
    table = CONTRIBUTING.split(heading)[1].split("\n\n")[0]
    return sorted(name for row in table.splitlines()[2:] for name in re.findall(r"`(\w+)`", row.split("|")[1]))


def test_contributing_lists_the_default_sessions():
    """One table has the sessions that a bare `nox` runs, and no others."""
    assert sorted(DEFAULT) == listed("| session | what it runs |")


def test_contributing_lists_the_other_sessions():
    """Another table has the sessions that run only by name, and no others."""
    assert sorted(set(SESSIONS) - set(DEFAULT)) == listed("| session by name | what it does |")


def test_pre_commit_has_the_pinned_tools():
    """Its hooks have the versions that the sessions install."""
    hooks = (TESTS.parent / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    groups = tomllib.loads((TESTS.parent / "pyproject.toml").read_text(encoding="utf-8"))["dependency-groups"]
    pinned = set(re.findall(r"[\w-]+==[\d.]+", hooks))

    assert pinned <= {*groups["lint"], *groups["test"]}
    assert pinned


def test_sessions_pin_nothing_themselves():
    """Versions of Python tools stand in pyproject.toml alone."""
    assert re.findall(r'"[\w-]+==[^"{]+"', NOXFILE) == []
