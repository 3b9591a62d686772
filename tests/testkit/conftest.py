"""What the tests of the test kit share."""

import subprocess
import sys

import pytest


@pytest.fixture(scope="session")
def run_in():
    """A function that runs pytest in a folder, on a test file of the given text, with options. It gives what was printed."""

    def run(folder, text, *options, files=None, config="[pytest]\n"):
        for name, content in {"test_it.py": text, "pytest.ini": config, **(files or {})}.items():
            (folder / name).write_text(content)
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=300)
        return done.stdout + done.stderr

    return run


@pytest.fixture
def run_suite(run_in, tmp_path):
    """The same in a folder of the test's own."""

    def run(text, *options, files=None, config="[pytest]\n"):
        return run_in(tmp_path, text, *options, files=files, config=config)

    return run
