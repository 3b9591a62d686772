"""The command as a process, in a folder of its own."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import select
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import pytest

from stepwell.client import Client
from stepwell.host_address import address_of
from stepwell.http_connection import UnixEndpoint
from stepwell.state import read_owner

if TYPE_CHECKING:
    from collections.abc import Callable

    from stepwell.host_address import HostAddress

PATIENCE = 600
"""After so many seconds a test is over that waits for something that does not happen. No claim depends on it."""


def until(happened: Callable[[], bool], complaint: str) -> None:
    """Wait until something outside has happened that tells nobody."""
    deadline = time.monotonic() + PATIENCE
    while not happened():
        if time.monotonic() > deadline:
            pytest.fail(complaint)
        time.sleep(0.01)


def host_address(state: Path) -> HostAddress | None:
    """Where the host of a state is, if one owns it."""
    owner = read_owner(state)
    return None if owner is None or owner.secret is None else address_of(state, owner.socket, owner.secret)


def open_client(state: Path) -> Client | None:
    """A client of the host that owns a state, if one does."""
    address = host_address(state)
    return None if address is None else Client(UnixEndpoint(address))


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed on stdout."""
        return json.loads(self.out)


class Running:
    """A command that has not."""

    def __init__(self, arguments: tuple[str, ...], folder: Path, environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "stepwell", *arguments],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # As in a terminal: a background process of a shell would ignore Ctrl-C.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
            start_new_session=True,
        )
        self._said: list[str] = []

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def out(self) -> IO[str]:
        """Its standard output, to be read line by line."""
        assert self._process.stdout
        return self._process.stdout

    def read_until(self, words: str) -> str:
        """Its progress up to a line with *words*."""
        assert self._process.stderr
        for line in self._process.stderr:
            self._said.append(line)
            if words in line:
                return "".join(self._said)
        pytest.fail(f"it ended without saying {words!r}: {''.join(self._said)}")

    def host_pid(self) -> int:
        """The host that it has started."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children")
        until(lambda: children.read_text().strip() != "", "it starts no host")
        return int(children.read_text())

    def interrupt(self) -> None:
        """Ctrl-C: it reaches the whole process group."""
        os.killpg(self._process.pid, signal.SIGINT)

    def kill_group(self) -> None:
        """Kill it and its children."""
        os.killpg(self._process.pid, signal.SIGKILL)

    def wait(self) -> Done:
        out, err = self._process.communicate(timeout=PATIENCE)
        return Done(self._process.returncode, out, "".join(self._said) + err)

    def dispose(self) -> None:
        if self._process.poll() is None:
            self.kill_group()
        self._process.communicate(timeout=PATIENCE)


class Terminal:
    """A command that has a terminal of its own, and somebody who types there."""

    def __init__(self, command: list[str], place: Place) -> None:
        pid, self._terminal = pty.fork()
        if pid == 0:
            # Ignored where the tests run in the background of a shell. A terminal has it in effect.
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            os.chdir(place.folder)
            os.execve(command[0], command, place.environment)
        self._heard = ""

    def read_until(self, words: str) -> None:
        """Read up to *words*."""
        deadline = time.monotonic() + PATIENCE
        while words not in self._heard:
            ready, _, _ = select.select([self._terminal], [], [], max(0, deadline - time.monotonic()))
            if not ready:
                pytest.fail(f"{words!r} is not said: {self._heard}")
            self._heard += os.read(self._terminal, 65536).decode(errors="replace")
        self._heard = self._heard.partition(words)[2]

    def type(self, line: str) -> None:
        """Type *line* and Enter. It is echoed, which is not what is waited for."""
        os.write(self._terminal, f"{line}\n".encode())
        self.read_until(line)

    def press(self, key: str) -> None:
        """Press a single key, which is not echoed."""
        os.write(self._terminal, key.encode())

    def press_to_end(self, key: str) -> None:
        """Press a key until the command ends. Python misses a Ctrl-C that comes just before it begins to read."""
        with contextlib.suppress(OSError):  # how a terminal ends whose other side is gone
            while True:
                self.press(key)
                while select.select([self._terminal], [], [], 1)[0]:
                    os.read(self._terminal, 65536)
        os.close(self._terminal)

    def read_to_end(self) -> str:
        """Whatever is left to be said."""
        with contextlib.suppress(OSError):  # how a terminal ends whose other side is gone
            while data := os.read(self._terminal, 65536):
                self._heard += data.decode(errors="replace")
        os.close(self._terminal)
        return self._heard.rstrip()


class Place:
    """A folder in which commands are run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state = folder / ".stepwell" / "state.sqlite"
        self.environment = {**os.environ, "PYTHONUNBUFFERED": "1", "COLUMNS": "120"}
        self._running: list[Running] = []

    def write(self, name: str, text: str) -> Path:
        """Write a file, whose text may be indented as the test is."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return path

    def run(self, *arguments: str, stdin: str | None = None, by: tuple[str, ...] = ()) -> Done:
        """Run `stepwell` to its end, *by* a command that takes a command."""
        done = subprocess.run(
            [*by, sys.executable, "-m", "stepwell", *arguments],
            cwd=self.folder,
            env=self.environment,
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def python(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run Python to its end, which must be a good one."""
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=True,
        )

    def wait_for_file(self, path: Path) -> None:
        """Wait until another process has made a file."""
        until(path.exists, f"{path} does not appear")

    def start(self, *arguments: str) -> Running:
        """Start `stepwell`."""
        running = Running(arguments, self.folder, self.environment)
        self._running.append(running)
        return running

    def dispose(self) -> None:
        for running in self._running:
            running.dispose()


ORDER = """
    from workers import WorkflowEntrypoint


    class OrderWorkflow(WorkflowEntrypoint):
        async def run(self, event, step):
            @step.do("reserve")
            async def reserve():
                print("reserving the goods")
                return event["payload"].get("items", 1)

            @step.do("ship")
            async def ship():
                return {"shipped": await reserve()}

            return await ship()
"""

APPROVAL = """
    from workers import WorkflowEntrypoint


    class ApprovalWorkflow(WorkflowEntrypoint):
        async def run(self, event, step):
            @step.do("ask")
            async def ask():
                return "asked"

            await ask()
            decision = await step.wait_for_event("decision", "decided", timeout="1 hour")

            @step.do("act")
            async def act():
                return decision["payload"]

            return await act()
"""
