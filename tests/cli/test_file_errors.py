"""An error about a file that the user has named exits with 2. A file that Stepwell took for granted is its fault."""

import errno
import os
from pathlib import Path

import pytest

import stepwell
from stepwell.file_errors import is_users

MISSING = (errno.ENOENT, "No such file or directory")
REFUSED = (errno.EACCES, "Permission denied")


@pytest.mark.parametrize(
    ("file", "arguments"),
    [
        pytest.param("flow.py", ["run", "flow.py"], id="argument"),
        pytest.param("flow.py", ["run", "flow.py:Flow"], id="file and class"),
        pytest.param("out/log.json", ["logs", "--out=out/log.json"], id="option"),
        pytest.param("out", ["logs", "--out", "out/log.json"], id="folder of an argument"),
        pytest.param("log.json.part", ["logs", "--out", "log.json"], id="beside an argument"),
    ],
)
def test_named(file: str, arguments: list[str]) -> None:
    """A missing file that an argument names, or one that is needed for it, is the user's fault."""
    assert is_users(OSError(*MISSING, file), arguments, {})


def test_named_by_a_variable(tmp_path: Path) -> None:
    """So is a folder that the environment names."""
    error = OSError(*MISSING, str(tmp_path / "cache"))

    assert is_users(error, [], {"STEPWELL_CACHE": str(tmp_path / "cache")})


def test_refused() -> None:
    """A file that the system refuses is the user's fault."""
    assert is_users(OSError(*REFUSED, ".stepwell/state.sqlite"), [], {})


@pytest.mark.parametrize("file", [".stepwell/runs/1/control", b"\xff/control", "control"])
def test_taken_for_granted(file: str | bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing file that no argument names is a fault of Stepwell."""
    monkeypatch.chdir(tmp_path)

    assert not is_users(OSError(*MISSING, file), ["run", "flows/flow.py"], {"HOME": "/nonexistent", "PAGER": "less"})


def test_own_files() -> None:
    """So is everything about a file of the package."""
    own = Path(stepwell.__file__).parent / "cli.py"

    assert not is_users(OSError(*REFUSED, os.fspath(own)), [str(own)], {})
