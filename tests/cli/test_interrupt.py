"""Ctrl-C, kill, and two processes on one state."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

WAITING = "waiting for event"


def test_ctrl_c(place, approval):
    """Ctrl-C is exit code 130 and one line that says how to continue, which works."""
    running = place.start("run", "approval.py", "--id", "a")
    running.read_until(WAITING)

    running.interrupt()

    done = running.wait()
    assert (130, "") == (done.code, done.out)
    assert "Interrupted; continue with: stepwell run approval.py --id a" == done.err.splitlines()[-1]
    assert 0 == send(place).code
    continued = place.run("run", "approval.py", "--id", "a")
    assert {"by": "Ada"} == continued.json
    assert "  ask: complete" in continued.err
    assert "(earlier)" in continued.err


def test_ctrl_c_at_import(place):
    """Code that never ends to import is left by Ctrl-C, and no process stays behind."""
    place.write("forever.py", "print('importing')\nwhile True:\n    pass\n")
    running = place.start("run", "forever.py")
    host = running.host_pid()
    place.wait_for_file(place.state.with_name("state.sqlite.owner.json"))

    running.interrupt()

    done = running.wait()
    assert (130, "Interrupted before the instance was made.\n") == (done.code, done.err)
    # It has let go of the state; Node takes a moment more to end.
    deadline = time.monotonic() + 5
    while Path("/proc", str(host)).exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not Path("/proc", str(host)).exists()


def test_continue_line_names_the_state(place, approval):
    """The line can be pasted: what was given is in it, quoted."""
    running = place.start("run", "approval.py:ApprovalWorkflow", "--id", "a", "--state", "my state/s.sqlite")
    running.read_until(WAITING)

    running.interrupt()

    expected = "continue with: stepwell run approval.py:ApprovalWorkflow --id a --state 'my state/s.sqlite'"
    assert expected in running.wait().err


def test_kill_group(place, approval):
    """After kill -9 of everything the instance goes on where it was."""
    running = place.start("run", "approval.py", "--id", "a")
    running.read_until(WAITING)
    running.kill_group()
    running.wait()

    assert 0 == send(place).code
    done = place.run("run", "approval.py", "--id", "a", "--json", "--quiet")

    assert "complete" == done.json["status"]
    assert [1] == [len(step["attempts"]) for step in done.json["steps"] if step["name"] == "ask-1"]


def test_attached(place, approval):
    """A second run follows the instance in the first one's process, and Ctrl-C leaves it there."""
    owner = place.start("run", "approval.py", "--id", "a")
    owner.read_until(WAITING)
    second = place.start("run", "approval.py", "--id", "a")
    second.read_until(WAITING)

    second.interrupt()

    done = second.wait()
    assert 130 == done.code
    assert "The instance runs in process " in done.err
    assert 0 == send(place).code
    assert {"by": "Ada"} == owner.wait().json


def test_owner_interrupted(place, approval):
    """The owner's Ctrl-C does not take the instance from those who follow it."""
    owner = place.start("run", "approval.py", "--id", "a")
    owner.read_until(WAITING)
    second = place.start("run", "approval.py", "--id", "a")
    second.read_until(WAITING)

    owner.interrupt()

    assert 130 == owner.wait().code
    assert 0 == send(place).code
    assert {"by": "Ada"} == second.wait().json


def test_owner_killed(place, approval):
    """When the owner is killed, a process that follows the instance takes over."""
    owner = place.start("run", "approval.py", "--id", "a")
    owner.read_until(WAITING)
    second = place.start("run", "approval.py", "--id", "a")
    second.read_until(WAITING)

    owner.kill_group()

    second.read_until("it continues here")
    assert 0 == send(place).code
    done = second.wait()
    assert {"by": "Ada"} == done.json
    assert 1 == done.err.count("  ask: complete")


def test_owner_stopped(place, approval):
    """An owner that does not answer is named; nothing is taken from it."""
    owner = place.start("run", "approval.py", "--id", "a")
    owner.read_until(WAITING)
    host = owner.host_pid()
    os.kill(host, signal.SIGSTOP)
    place.environment["STEPWELL_PATIENCE"] = "1"

    done = place.run("run", "approval.py", "--id", "a")

    os.kill(host, signal.SIGCONT)
    assert 2 == done.code
    assert f"is in use by process {host} (" in done.err
    assert "run approval.py --id a), which does not answer." in done.err


def test_patience_that_is_none(place, order):
    """It is refused before anything is started."""
    place.environment["STEPWELL_PATIENCE"] = "soon"

    done = place.run("run", "order.py")

    assert (2, "STEPWELL_PATIENCE is 'soon'; it must be a number of seconds.") == (
        done.code,
        done.err.split(": ", 1)[1].strip(),
    )


@pytest.mark.parametrize("runtime", ["pyodide", "cpython"])
def test_many_at_once(place, order, runtime):
    """Of many that come at the same moment one owns the state, and all get what they came for."""
    command = ("run", "order.py", "--quiet", "--runtime", runtime, "--params")

    commands = [place.start(*command, json.dumps({"items": number})) for number in range(6)]

    done = [each.wait() for each in commands]
    assert [(0, {"shipped": number}, "") for number in range(6)] == [(each.code, each.json, each.err) for each in done]


def test_many_that_leave_at_once(place, order):
    """Owners go away one after the other, each as soon as it has told its own: nobody counts them."""
    command = ("run", "order.py", "--quiet", "--runtime", "cpython", "--id", "a")
    first = place.run(*command)

    commands = [place.start(*command) for _ in range(10)]

    done = [each.wait() for each in commands]
    assert [(0, first.json, "")] * 10 == [(each.code, each.json, each.err) for each in done]


def test_two_instances(place, approval, order):
    """One process owns the state; another one's workflow runs in it beside its own."""
    owner = place.start("run", "approval.py", "--id", "a")
    owner.read_until(WAITING)

    assert {"shipped": 4} == place.run("run", "order.py", "-q", "--params", '{"items": 4}').json

    owner.interrupt()
    owner.wait()


def send(place):
    """Send the event that the workflow waits for."""
    return place.run(
        *("workflows", "instances", "send-event", "ApprovalWorkflow", "a"),
        *("--type", "decided", "--payload", '{"by": "Ada"}'),
    )


def test_interrupt_in_code_of_a_string(place):
    """An interrupt that is handled leaves the exit code alone, also where a dataclass was about to be made."""
    place.write(
        "interrupted.py",
        """
        from stepwell import __main__, cli

        def serve():
            try:
                exec("raise KeyboardInterrupt")
            except KeyboardInterrupt:
                raise SystemExit(0)

        cli.main = serve
        __main__.main()
        """,
    )

    done = subprocess.run([sys.executable, "-m", "interrupted"], cwd=place.folder, check=False, timeout=60)

    assert 0 == done.returncode
