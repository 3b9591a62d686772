"""The sessions of noxfile.py run every test, and CONTRIBUTING.md says which there are."""

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
NOXFILE = (TESTS.parent / "noxfile.py").read_text(encoding="utf-8")
FOLDERS = sorted({path.relative_to(TESTS).parts[0] for path in TESTS.rglob("*.test.js")})


def decorators_of(function):
    return [ast.unparse(decorator) for decorator in function.decorator_list]


SESSIONS = {
    node.name: decorators_of(node)
    for node in ast.parse(NOXFILE).body
    if isinstance(node, ast.FunctionDef) and any("nox.session" in each for each in decorators_of(node))
}


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_session_runs_the_folder(folder):
    """Node's tests are found by the folders that a session names; pytest looks everywhere."""
    assert f'"tests/{folder}' in NOXFILE


@pytest.mark.parametrize("name", SESSIONS)
def test_a_session_has_a_budget(name):
    """Each session says how long it may take."""
    assert any(each.startswith("budget(") for each in SESSIONS[name])


def test_contributing_lists_the_default_sessions():
    """The table of CONTRIBUTING.md has the sessions that `nox` runs when it is told none, and no others."""
    text = (TESTS.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")
    table = text.split("| session | what it runs |")[1].split("\n\n")[0]
    listed = [name for row in table.splitlines()[2:] for name in re.findall(r"`(\w+)`", row.split("|")[1])]
    default = [name for name, decorators in SESSIONS.items() if "nox.session(default=False)" not in decorators]

    assert sorted(default) == sorted(listed)
