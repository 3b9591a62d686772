"""Nothing of Stepwell's outlives the command that has started it, whatever happened when it was killed."""

import os
import signal
import socket
import time
from pathlib import Path

import pytest
from places import host_address, open_client, until

WAITING = """
    import time

    from workers import WorkflowEntrypoint

    class Waiting(WorkflowEntrypoint):
        async def run(self, event, step):
            @step.do("waits", config={"timeout": "1 hour"})
            async def waits():
                how = event["payload"]["how"]
                print("it is in the step", flush=True)
                if how == "spins":
                    while True:
                        pass
                if how == "sleeps":
                    time.sleep(600)

            await waits()
            await step.sleep("nap", "1 hour")
"""
LARGE = """
    from workers import WorkflowEntrypoint

    class Large(WorkflowEntrypoint):
        async def run(self, event, step):
            for number in range(20):

                @step.do(f"step {number}")
                async def work():
                    return "x" * 900_000

                await work()
"""
ENDLESS = """
    import time

    time.sleep(600)
"""


def descendants(pid: int) -> list[int]:
    """The processes that a process has started, and those that these have started."""
    try:
        children = [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
    return [each for child in children for each in (child, *descendants(child))]


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def assert_ends_alone(command) -> None:
    """Kill a command, and nothing else, and wait for the end of what it has started."""
    started = descendants(command.pid)
    assert started != []

    os.kill(command.pid, signal.SIGKILL)

    try:
        until(lambda: not any(map(is_alive, started)), "processes outlive the command")
    finally:
        for pid in filter(is_alive, started):
            os.kill(pid, signal.SIGKILL)
    command.wait()


pytestmark = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc")


@pytest.mark.parametrize("runtime", ["pyodide", "cpython", "wasmtime"])
@pytest.mark.parametrize("how", ["spins", "sleeps", "is parked"])
def test_run(place, runtime, how):
    """A step that keeps its interpreter to itself does not keep it alive."""
    place.write("waiting.py", WAITING)
    command = place.start("run", "waiting.py", "--runtime", runtime, "--params", f'{{"how": "{how}"}}')
    command.read_until("it is in the step")

    assert_ends_alone(command)


def test_half_read(place):
    """A subscriber that has stopped reading does not keep the host of a killed command."""
    place.write("large.py", LARGE)
    command = place.start("serve", "large.py")
    command.read_until("Serving")
    client = open_client(place.state)
    client.create("Large", "large", {})
    until(lambda: client.status_of("Large", "large").status == "complete", "it does not complete")
    client.close()
    address = host_address(place.state)
    head = "".join(f"{name}: {value}\r\n" for name, value in {"host": "localhost", **address.headers}.items())
    with socket.socket(socket.AF_UNIX) as subscriber:
        subscriber.connect(address.socket)
        subscriber.sendall(f"GET /workflows/Large/instances/large/subscribe HTTP/1.1\r\n{head}\r\n".encode())
        assert subscriber.recv(12) == b"HTTP/1.1 200"

        assert_ends_alone(command)


def test_reading(place):
    """A subscriber that reads keeps it: a second command follows its instance to the end."""
    place.write("waiting.py", WAITING)
    command = place.start("run", "waiting.py", "--id", "one", "--params", '{"how": "is parked"}')
    command.read_until("it is in the step")
    host = command.host_pid()
    second = place.start("run", "waiting.py", "--id", "two", "--params", '{"how": "is parked"}')
    second.read_until("it is in the step")

    os.kill(command.pid, signal.SIGKILL)
    command.wait()
    time.sleep(1.5)  # longer than a subscriber may leave events unread

    assert is_alive(host)
    os.kill(second.pid, signal.SIGKILL)
    until(lambda: not is_alive(host), "the host outlives its last subscriber")


def test_import(place):
    """A host whose modules take for ever to import ends, too."""
    place.write("endless.py", ENDLESS)
    command = place.start("run", "endless.py", "--runtime", "cpython")
    until(lambda: len(descendants(command.pid)) > 1, "no interpreter starts")

    assert_ends_alone(command)


def test_pipes(place):
    """Pipes among the files of a project are not read, so that nothing waits for a writer."""
    place.write("waiting.py", WAITING)
    os.mkfifo(place.folder / "other.py")
    command = place.start("run", "waiting.py", "--params", '{"how": "is parked"}')
    command.read_until("it is in the step")

    assert_ends_alone(command)


def test_playground(place):
    """The server of the playground ends while it is still bundling the page."""
    command = place.start("playground", "--port", "0")
    until(lambda: descendants(command.pid) != [], "no server starts")

    assert_ends_alone(command)
