"""
Cloudflare's tests of bindings, which run inside of a Worker, with `stepwell dev` in the place of `pywrangler dev`.

`STEPWELL_WORKERS_PY` names a clone of github.com/cloudflare/workers-py.
"""

import os
import shutil
from collections import Counter
from pathlib import Path

import pytest
from clones import run_pytest

WORKERS_PY = os.environ.get("STEPWELL_WORKERS_PY")
SUITES = {
    "kv": 27,
    "d1": 22,
    "r2": 25,
    "queue": 11,
    "workflow": 18,
    "assets": 5,
    "analytics_engine": 3,
    "ratelimit": 2,
    "version_metadata": 3,
    "images": 3,
    "do": 31,
}
"""Suites that pass whole, with the numbers of their tests. The others need databases or services of Cloudflare's."""
OF_HYPERDRIVE = ', "pg8000", "pymysql", "cryptography"'
"""What only the tests of databases behind Hyperdrive import. Pyodide has no wheel of the last at PyPI."""


@pytest.fixture(scope="module", params=["ours", "upstream"])
def results(request, tmp_path_factory, uv):
    """Run all suites in one Worker, with our SDK or with Cloudflare's: the outcomes by name, and the output."""
    if not os.environ.get("STEPWELL_BINDINGS"):
        pytest.skip("STEPWELL_BINDINGS names no folder of `stepwell bindings install`")
    copy = tmp_path_factory.mktemp(request.param) / "sdk"
    source = Path(WORKERS_PY, "packages", "runtime-sdk")
    shutil.copytree(source, copy, ignore=shutil.ignore_patterns(".venv"))
    project = copy / "tests" / "bindings-test" / "pyproject.toml"
    text = project.read_text()
    assert OF_HYPERDRIVE in text
    project.write_text(text.replace(OF_HYPERDRIVE, ""))
    chosen = " or ".join(f"Test{suite.upper()}" for suite in SUITES)
    # Each configuration is of another Python on Cloudflare. One Python runs here.
    return run_pytest(
        copy / "tests", uv, "-k", f"({chosen}) and 3.14", "test_bindings.py", STEPWELL_TEST_SDK=request.param
    )


@pytest.mark.skipif(WORKERS_PY is None, reason="STEPWELL_WORKERS_PY names no clone of workers-py")
@pytest.mark.parametrize("suite", SUITES)
def test_suite(results, suite):
    """A suite of upstream's passes inside of a Worker that runs here."""
    outcomes, output = results

    of_suite = Counter(outcome for name, outcome in outcomes.items() if name.startswith(f"Test{suite.upper()}::"))

    assert {"PASSED": SUITES[suite]} == of_suite, output
