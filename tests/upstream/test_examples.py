"""
Cloudflare's examples, unchanged, in Cloudflare's own tests, with `stepwell dev` in the place of `pywrangler dev`.

`STEPWELL_EXAMPLES` names a clone of github.com/cloudflare/python-workers-examples. The examples with D1 get their
tables from Cloudflare's own `wrangler d1`, of the folder that `STEPWELL_CLIENTS_NPM` names.
"""

import os
import re
import shutil
import socket
from pathlib import Path

import pytest
from clones import run_pytest

EXAMPLES = os.environ.get("STEPWELL_EXAMPLES")
PASSING = (
    "01_hello",
    "02_binding",
    "03_fastapi",
    "04_query_d1",
    "06_assets",
    "07_durable_objects",
    "08_cron",
    "10_workflows",
    "16_sync_http_clients",
    "18_django",
    "19_django_todo_d1",
)
NEED_BINDINGS = {"04_query_d1", "06_assets", "19_django_todo_d1"}
NEED_WRANGLER = {"04_query_d1", "19_django_todo_d1"}
PATIENCE = "timeout = 30\n"
"""How long upstream's tests wait for a server, in seconds."""
HOSTS = {"16_sync_http_clients": "example.com"}
"""Hosts on the internet that examples ask."""


@pytest.mark.skipif(EXAMPLES is None, reason="STEPWELL_EXAMPLES names no clone of python-workers-examples")
@pytest.mark.parametrize("name", PASSING)
def test_example(tmp_path, uv, name):
    """An example runs unchanged, and passes upstream's test."""
    if name in NEED_BINDINGS and not os.environ.get("STEPWELL_BINDINGS"):
        pytest.skip("STEPWELL_BINDINGS names no folder of `stepwell bindings install`")
    if name in NEED_WRANGLER and not os.environ.get("STEPWELL_CLIENTS_NPM"):
        pytest.skip("STEPWELL_CLIENTS_NPM names no folder that npm's wrangler is installed in")
    if name in HOSTS and not is_reachable(HOSTS[name]):
        pytest.skip(f"{HOSTS[name]} cannot be reached")
    copy = tmp_path / "examples"
    folder = name.replace("_", "-")
    shutil.copytree(Path(EXAMPLES, "tests"), copy / "tests")
    shutil.copytree(Path(EXAMPLES, folder), copy / folder)
    # Tests that Cloudflare's own server fails start none.
    tests = copy / "tests" / "test_examples.py"
    tests.write_text(re.sub(r"^@pytest\.mark\.xfail.*\n", "", tests.read_text(), flags=re.MULTILINE))
    # A busy machine takes its time, and the packages come from the network.
    conftest = copy / "tests" / "conftest.py"
    assert PATIENCE in conftest.read_text()
    conftest.write_text(conftest.read_text().replace(PATIENCE, "timeout = 600\n"))

    outcomes, output = run_pytest(copy / "tests", uv, f"test_examples.py::test_{name}")

    assert {f"test_{name}": "PASSED"} == outcomes, output


def is_reachable(host):
    """Whether *host* takes connections for HTTPS."""
    try:
        socket.create_connection((host, 443), timeout=5).close()
    except OSError:
        return False
    return True
