"""Runs tests of ``node:test``, which import the test kit for JavaScript."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from stepwell.exceptions import InputError
from stepwell.host_process import host_root
from stepwell.node import find_node, host_environment
from stepwell.target import find_target

if TYPE_CHECKING:
    from collections.abc import Sequence


def run_node_tests(files: Sequence[str], target: str) -> int:
    """
    Run *files* by ``node --test`` for the project *target*. Gives the exit code.

    Raises:
        InputError: A file is missing or has tests in Python, or *target* is no project.
    """
    missing = [each for each in files if not Path(each).is_file()]
    if missing:
        raise InputError(f"{missing[0]!r} is not a file. Give tests, such as tests/flow.test.js.")
    in_python = [each for each in files if each.endswith(".py")]
    if in_python:
        raise InputError(f"{in_python[0]!r} has tests in Python. Run it: pytest {in_python[0]}")
    hooks = host_root() / "js" / "testing" / "node_hooks.js"
    environment = {
        **host_environment(),
        "STEPWELL_HOST_PYTHON": sys.executable,
        "STEPWELL_TEST_PROJECT": json.dumps(_harness_options(target)),
    }
    command = [os.fspath(find_node().path), "--import", hooks.as_uri(), "--test", *files]
    return subprocess.run(command, env=environment, check=False).returncode  # noqa: S603 - our own Node


def _harness_options(target: str) -> dict[str, object]:
    """What `createTestHarness` takes for a project."""
    found = find_target(target)
    path = Path(found.config or found.main or ".").resolve()
    worker = {"configPath" if found.config else "main": str(path)}
    return {"root": str(path.parent), "workers": [worker]}
