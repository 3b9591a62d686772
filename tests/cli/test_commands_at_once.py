"""Many commands on one state, whose owner ends and is followed by another one."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

RUNS = 4
COMMANDS = 20


@pytest.mark.timeout(1200)
def test_events_beside_runs_that_end(place, approval):
    """A command that sends an event has sent it, or says that the instance has ended: no owner's end is a fault."""
    # They wait for each other, however slow the machine is.
    place.environment |= {"STEPWELL_PATIENCE": "600"}
    runs = [place.start("run", "approval.py", "--id", f"run-{number}") for number in range(RUNS)]
    for running in runs:
        running.read_until("waiting for event")

    def send(number: int) -> subprocess.CompletedProcess[str]:
        words = ["workflows", "instances", "send-event", "ApprovalWorkflow", f"run-{number % RUNS}"]
        # Without a limit: they wait for each other, and for the machine.
        return subprocess.run(
            [sys.executable, "-m", "stepwell", *words, "--type", "decided", "--payload", '{"approved": true}'],
            cwd=place.folder,
            env=place.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    with ThreadPoolExecutor(8) as pool:
        sent = list(pool.map(send, range(COMMANDS)))

    refused = [done for done in sent if done.returncode != 0]
    assert [] == [done.stderr for done in refused if "it is already complete" not in done.stderr]
    assert {2} >= {done.returncode for done in refused}
    assert [0] * RUNS == [running.wait().code for running in runs]
