"""Copies of sources: gone when their process is, however that ended."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING

import pytest

from .conftest import load_host_module

if TYPE_CHECKING:
    from pathlib import Path

deployment = load_host_module("deployment_copy")

SCRIPT = """
import sys
from importlib.util import module_from_spec, spec_from_file_location
spec = spec_from_file_location("deployment", sys.argv[1])
deployment = module_from_spec(spec)
spec.loader.exec_module(deployment)
kept = deployment.DeploymentCopy({"root": sys.argv[2]}, None)
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def temporary(tmp_path, monkeypatch) -> Path:
    """The folder of temporary files."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def sources(tmp_path) -> Path:
    folder = tmp_path / "sources"
    folder.mkdir()
    (folder / "flow.py").write_text("")
    return folder


@pytest.fixture
def other(temporary, sources):
    """Another process with a copy."""
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, deployment.__file__, str(sources)],
        env={"TMPDIR": str(temporary)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "ready\n"
    yield process
    process.kill()
    process.communicate()


def test_copy_of_one_that_was_killed(temporary, sources, other):
    """The next process removes it."""
    other.kill()
    other.wait()
    own = deployment.DeploymentCopy({"root": str(sources)}, None)

    assert 1 == len(list(temporary.iterdir()))
    own.close()
    assert [] == list(temporary.iterdir())


def test_copy_of_one_that_runs(temporary, sources, other):
    """It is left alone."""
    own = deployment.DeploymentCopy({"root": str(sources)}, None)

    assert 2 == len(list(temporary.iterdir()))
    own.close()
    assert 1 == len(list(temporary.iterdir()))


def test_links_to_what_is_left_out_are_left_out(temporary, sources):
    """A name that shows does not open what is hidden, such as secrets and states."""
    (sources / ".dev.vars").write_text("TOKEN=secret")
    for folder in (".stepwell", "shown", "node_modules"):
        (sources / folder).mkdir()
        (sources / folder / "file.txt").write_text("text")
    (sources / "outside").symlink_to("/etc/hostname")
    (sources / "vars.txt").symlink_to(".dev.vars")
    (sources / "again.txt").symlink_to("vars.txt")
    (sources / "state.txt").symlink_to(".stepwell/file.txt")
    (sources / "package.txt").symlink_to("node_modules/file.txt")
    (sources / "good.txt").symlink_to("shown/file.txt")
    own = deployment.DeploymentCopy({"root": str(sources)}, None)

    root = next(temporary.iterdir()) / "root"
    copied = sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())
    own.close()
    assert ["flow.py", "good.txt", "shown/file.txt"] == copied
