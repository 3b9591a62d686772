"""
Cloudflare's own tests, unchanged, with `stepwell dev` in the place of `pywrangler dev`.

The folders are clones of github.com/cloudflare/python-workers-examples and github.com/cloudflare/workers-py, which
`STEPWELL_EXAMPLES` and `STEPWELL_WORKERS_PY` name.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
EXAMPLES = os.environ.get("STEPWELL_EXAMPLES")
WORKERS_PY = os.environ.get("STEPWELL_WORKERS_PY")
TIMEOUT_S = 600
PASSING_EXAMPLES = (
    "01_hello",
    "02_binding",
    "03_fastapi",
    "06_assets",
    "08_cron",
    "10_workflows",
    "16_sync_http_clients",
    "18_django",
)
"""Those that upstream's tests pass."""
SUITES = [("workflow", 18), ("kv", 27), ("d1", 22), ("r2", 25), ("assets", 5), ("images", 3)]
"""Suites of upstream's binding tests that pass whole, with the number of their tests."""


@pytest.fixture
def uv(tmp_path):
    """A folder whose `uv` is ours, for the path of upstream's tests."""
    folder = tmp_path / "bin"
    folder.mkdir()
    script = folder / "uv"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{HERE / "uv.py"}" "$@"\n')
    script.chmod(0o755)
    return folder


def run_pytest(folder, uv, *arguments):
    """Run upstream's tests in *folder*; the outcomes of the tests, by name."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-rA", "-q", "-n0", *arguments],
        cwd=folder,
        env={**os.environ, "PATH": f"{uv}:{os.environ['PATH']}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    lines = re.findall(r"^(PASSED|FAILED|ERROR|SKIPPED) \S+?::(\S+)", done.stdout, re.MULTILINE)
    return {name: outcome for outcome, name in lines}, done.stdout


@pytest.mark.skipif(EXAMPLES is None, reason="STEPWELL_EXAMPLES names no clone of python-workers-examples")
@pytest.mark.parametrize("name", PASSING_EXAMPLES)
def test_example(tmp_path, uv, name):
    """An example runs unchanged, and passes upstream's test."""
    copy = tmp_path / "examples"
    folder = name.replace("_", "-", 1).replace("_", "-")
    shutil.copytree(Path(EXAMPLES, "tests"), copy / "tests")
    shutil.copytree(Path(EXAMPLES, folder), copy / folder)
    # Tests that Cloudflare's own server fails start none.
    tests = copy / "tests" / "test_examples.py"
    tests.write_text(re.sub(r"^@pytest\.mark\.xfail.*\n", "", tests.read_text(), flags=re.MULTILINE))

    outcomes, output = run_pytest(copy / "tests", uv, "-k", f"test_{name}", "test_examples.py")

    assert {f"test_{name}": "PASSED"} == outcomes, output


@pytest.mark.skipif(WORKERS_PY is None, reason="STEPWELL_WORKERS_PY names no clone of workers-py")
@pytest.mark.parametrize(("suite", "count"), SUITES)
def test_suite(tmp_path, uv, monkeypatch, suite, count):
    """A suite of upstream's binding tests passes inside a Worker that runs here."""
    if suite != "workflow" and not os.environ.get("STEPWELL_BINDINGS"):
        pytest.skip("STEPWELL_BINDINGS names no folder of `stepwell bindings install`")
    copy = tmp_path / "sdk"
    source = Path(WORKERS_PY, "packages", "runtime-sdk")
    shutil.copytree(source, copy, ignore=shutil.ignore_patterns(".venv"))
    project = copy / "tests" / "bindings-test" / "pyproject.toml"
    # What only tests of databases behind Hyperdrive need, and Pyodide has no wheel of at PyPI.
    project.write_text(project.read_text().replace(', "cryptography"', ""))
    monkeypatch.setenv("STEPWELL_TEST_SDK", "upstream")

    outcomes, output = run_pytest(copy / "tests", uv, "-k", f"Test{suite.upper()} and 3.14", "test_bindings.py")

    assert {"PASSED"} == set(outcomes.values()), output
    assert count == len(outcomes), output
