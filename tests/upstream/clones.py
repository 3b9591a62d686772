"""Runs the tests of a clone."""

import os
import re
import subprocess
import sys

TIMEOUT_S = 900
OUTCOME = re.compile(r"^(PASSED|FAILED|ERROR|SKIPPED) \S+?::(\S+)", re.MULTILINE)


def run_pytest(folder, uv, *arguments, **variables):
    """
    Run upstream's tests in *folder*, with *variables* in the environment.

    Returns:
        The outcomes of the tests by name, and the output.
    """
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-rA", "-q", *arguments],
        cwd=folder,
        env={**os.environ, **variables, "PATH": f"{uv}:{os.environ['PATH']}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    return {name: outcome for outcome, name in OUTCOME.findall(done.stdout)}, done.stdout
