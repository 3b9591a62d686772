"""The statuses of an instance are the same in Python and in JavaScript."""

import json
import subprocess
from pathlib import Path

import pytest

from stepwell.node import find_node
from stepwell.statuses import FINAL_STATUSES, LISTED_STATUSES

STATUS_JS = Path(__file__).resolve().parents[2] / "js" / "engine" / "status.js"


def test_statuses_are_those_of_the_engine():
    lists = "JSON.stringify([s.STATUSES, s.FINAL_STATUSES])"
    code = f"import({json.dumps(STATUS_JS.as_uri())}).then((s) => console.log({lists}))"
    done = subprocess.run([find_node().path, "-e", code], capture_output=True, text=True, check=True)

    statuses, final = json.loads(done.stdout)

    assert (set(statuses), set(final)) == (set(LISTED_STATUSES), set(FINAL_STATUSES))


@pytest.mark.parametrize("status", LISTED_STATUSES)
def test_every_status_can_be_asked_for(served, status):
    """`instances list --status` takes each of them."""
    done = served.run("workflows", "instances", "list", "OrderWorkflow", "--status", status, "--json")

    assert 0 == done.code, done.err
