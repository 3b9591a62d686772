"""What the tests of the test kit share."""

import subprocess
import sys

import pytest


@pytest.fixture
def run_suite(tmp_path):
    """A function that runs pytest on a test file of the given text, with options, and gives what it has printed."""

    def run(text, *options, files=None, config="[pytest]\n"):
        (tmp_path / "test_it.py").write_text(text)
        (tmp_path / "pytest.ini").write_text(config)
        for name, content in (files or {}).items():
            (tmp_path / name).write_text(content)
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300)
        return done.stdout + done.stderr

    return run
