"""
Nothing breaks at rest: commands, connections, timers and debuggers that wait for minutes in real time.

All of them wait side by side. `STEPWELL_SOAK_S` says for how long.
"""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import threading
import time
from contextlib import closing

import pytest
from places import Place, Terminal, host_address, open_client, until

SOAK_S = float(os.environ.get("STEPWELL_SOAK_S", "600"))
PATIENCE_S = 120
NAPS = 20

pytestmark = pytest.mark.timeout(SOAK_S + 3 * PATIENCE_S)

RESTING = """
    import asyncio
    from workers import WorkflowEntrypoint

    class RestingWorkflow(WorkflowEntrypoint):
        async def run(self, event, step):
            seconds = event["payload"]["seconds"]

            @step.do("works", config={"timeout": "1 hour"})
            async def works():
                print("begins")
                await asyncio.sleep(seconds / 3)
                return "worked"

            @step.do("says")
            async def says():
                return "said"

            first = await works()
            await step.sleep("rests", seconds * 1000 / 3)
            before = await says()
            event = await step.wait_for_event("waits", "go", timeout="1 hour")
            return [first, before, event["payload"]]
"""
ANSWER = ["worked", "said", "gone"]

NAPPING = """
    from workers import WorkflowEntrypoint

    class NappingWorkflow(WorkflowEntrypoint):
        async def run(self, event, step):
            for number in range(event["payload"]["naps"]):
                await step.sleep("nap", event["payload"]["seconds"] * 1000)
            return event["payload"]["naps"]
"""

DEBUGGED = """
    from workers import WorkflowEntrypoint

    class DebuggedWorkflow(WorkflowEntrypoint):
        async def run(self, event, step):
            @step.do("look", config={"timeout": "2 hours"})
            async def look():
                answer = 41
                breakpoint()
                return answer

            return await look()
"""


def params(**values):
    return "--params", json.dumps(values)


def client_of(place: Place):
    until(lambda: host_address(place.state) is not None, "nothing owns the state")
    return open_client(place.state)


def send_at_the_end(place: Place) -> None:
    """Send the event after all the time that a run rests."""
    time.sleep(SOAK_S)
    done = place.run(
        "workflows", "instances", "send-event", "RestingWorkflow", "a", "--type", "go", "--payload", '"gone"'
    )
    assert 0 == done.code, done.err


def waiting_for(place: Place) -> threading.Thread:
    thread = threading.Thread(target=send_at_the_end, args=(place,))
    thread.start()
    return thread


@pytest.mark.parametrize("mode", [(), ("--json",), ("--quiet",), ("--quiet", "--json")], ids=" ".join)
def test_a_command_that_waits(place, mode):
    """A run whose instance computes, sleeps and waits for minutes ends with its output, in every output mode."""
    place.write("resting.py", RESTING)
    running = place.start("run", "resting.py", "--id", "a", *params(seconds=SOAK_S), *mode)
    sender = waiting_for(place)

    code, out, err = running_result(running)

    sender.join()
    assert 0 == code, err
    printed = json.loads(out)
    assert ANSWER == (printed["output"] if "--json" in mode else printed)
    assert ("" == err) == ("--quiet" in mode)


def running_result(running):
    """Wait for a command for as long as a soak takes."""
    out, err = running._process.communicate(timeout=SOAK_S + 2 * PATIENCE_S)  # noqa: SLF001 - longer than its own wait
    return running._process.returncode, out, err  # noqa: SLF001


def test_a_terminal_that_waits(place):
    """A live display goes on for minutes, and leaves the output on the terminal."""
    place.write("resting.py", RESTING)
    command = [sys.executable, "-m", "stepwell", "run", "resting.py", "--id", "a", *params(seconds=SOAK_S)]
    terminal = Terminal(command, place)
    sender = waiting_for(place)

    shown = terminal.read_to_end()

    sender.join()
    assert ANSWER == re.findall(r'"(\w+)"', shown)[-3:]


def test_a_follower_that_waits(place):
    """A second command that follows the same instance through its owner gets the same output."""
    place.write("resting.py", RESTING)
    owner = place.start("run", "resting.py", "--id", "a", *params(seconds=SOAK_S))
    owner.read_until("works: started")
    follower = place.start("run", "resting.py", "--id", "a", "--json")
    sender = waiting_for(place)

    code, out, err = running_result(follower)

    sender.join()
    assert 0 == code, err
    assert ANSWER == json.loads(out)["output"]
    assert 0 == running_result(owner)[0]


def test_an_idle_connection(place):
    """A client's connection and a subscription that are idle for minutes still work afterwards."""
    place.write("resting.py", RESTING)
    serving = place.start("serve", "resting.py")
    serving.read_until("Serving")
    client = client_of(place)
    client.create("RestingWorkflow", "a", {"seconds": 0.3})
    until(lambda: client.status_of("RestingWorkflow", "a").status == "waiting", "it does not wait")
    events = []
    reader = threading.Thread(target=lambda: events.extend(client.subscribe("RestingWorkflow", "a")))
    reader.start()

    time.sleep(SOAK_S)

    client.send_event("RestingWorkflow", "a", "go", "gone")
    until(lambda: client.status_of("RestingWorkflow", "a").status == "complete", "it does not end")
    reader.join(PATIENCE_S)
    assert "workflow_completed" == events[-1].type
    client.close()


def test_timers_one_after_the_other(place):
    """Sleeps that follow one another for minutes each end once, and none is early."""
    place.write("napping.py", NAPPING)
    nap_s = SOAK_S / NAPS
    began = time.time()

    running = place.start("run", "napping.py", "--id", "a", "--json", *params(naps=NAPS, seconds=nap_s))
    code, out, err = running_result(running)

    assert 0 == code, err
    assert NAPS == json.loads(out)["output"]
    assert SOAK_S <= time.time() - began
    assert NAPS == len(json.loads(out)["steps"])


def test_a_suspended_machine(place):
    """A command and its host that are stopped for minutes, as by a closed lid, go on when they are continued."""
    place.write("resting.py", RESTING)
    running = place.start("run", "resting.py", "--id", "a", *params(seconds=SOAK_S / 10))
    running.read_until("works: started")

    os.killpg(running.pid, signal.SIGSTOP)
    time.sleep(SOAK_S)
    os.killpg(running.pid, signal.SIGCONT)

    running.read_until("waiting for event")
    with closing(client_of(place)) as client:
        client.send_event("RestingWorkflow", "a", "go", "gone")
    code, out, err = running_result(running)
    assert 0 == code, err
    assert ANSWER == json.loads(out)


def test_a_host_that_is_stopped_again_and_again(place):
    """A run whose host alone is stopped for a while, many times, comes to its end."""
    place.write("napping.py", NAPPING)
    running = place.start("run", "napping.py", "--id", "a", *params(naps=NAPS, seconds=SOAK_S / NAPS / 2))
    running.read_until("nap: ")
    host = running.host_pid()
    end = time.monotonic() + SOAK_S

    while time.monotonic() < end and running._process.poll() is None:  # noqa: SLF001 - it may end before
        os.kill(host, signal.SIGSTOP)
        time.sleep(SOAK_S / NAPS)
        os.kill(host, signal.SIGCONT)
        time.sleep(SOAK_S / NAPS / 2)

    code, out, err = running_result(running)
    assert 0 == code, err
    assert NAPS == json.loads(out)


def test_a_long_look_in_a_debugger(place):
    """A step that stands in a debugger for minutes is not cut, and the run goes on afterwards."""
    place.write("debugged.py", DEBUGGED)
    command = [sys.executable, "-m", "stepwell", "run", "debugged.py", "--runtime", "cpython"]
    terminal = Terminal(command, place)
    terminal.read_until("(Pdb) ")

    time.sleep(SOAK_S)

    terminal.type("answer = 42")
    terminal.read_until("(Pdb) ")
    terminal.type("c")
    assert "42" in terminal.read_to_end().splitlines()[-1]
