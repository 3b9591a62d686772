"""The sessions of noxfile.py run every test."""

from pathlib import Path

import pytest

TESTS = Path(__file__).parent
FOLDERS = sorted({path.relative_to(TESTS).parts[0] for path in TESTS.rglob("*.test.js")})


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_session_runs_the_folder(folder):
    """Node's tests are found by the folders that a session names; pytest looks everywhere."""
    assert f'"tests/{folder}' in (TESTS.parent / "noxfile.py").read_text(encoding="utf-8")
