"""
The host process: started, or found running, and left.

Node is spawned first of all, and what takes long in Python is imported while it starts.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import shlex
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from stepwell._node import HOST_FLAGS, find_node, host_environment, node_version
from stepwell.exceptions import HostLostError, InputError, InternalError
from stepwell.state import parse_owner, read_owner, state_error

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from stepwell.client import Client
    from stepwell.runtimes import Runtime
    from stepwell.state import Owner

PATIENCE = 20.0
"""Seconds that an owner which does not answer, as it is starting or stopping or busy, is waited for."""
PATIENCE_VARIABLE = "STEPWELL_PATIENCE"
FIRST_ANSWER = 1.0
"""Seconds that an owner has at least to answer."""
STOP_PATIENCE = 2.0
"""Seconds that our own host is waited for when we leave; with other subscribers it goes on."""


def host_root() -> Path:
    """The tree with `js/`, `runtime/` and the rest: inside the package, or the checkout around it."""
    package = Path(__file__).resolve().parent
    bundled = package / "_host"
    root = bundled if bundled.is_dir() else package.parents[1]
    if not (root / "js" / "server" / "main.js").exists():
        raise InternalError(f"The host's files are missing from {root}; install Stepwell again.")
    return root


def patience() -> float:
    """
    How many seconds to wait for an owner that does not answer.

    Raises:
        InputError: `STEPWELL_PATIENCE` is no number.
    """
    given = os.environ.get(PATIENCE_VARIABLE, "")
    try:
        seconds = float(given or PATIENCE)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds < math.inf:
        raise InputError(f"{PATIENCE_VARIABLE} is {given!r}; it must be a number of seconds.")
    return seconds


class HostProcess:
    """
    A host that we started, which lives as long as we hold its standard input open.

    Nothing is waited for until `socket` is asked for.
    """

    def __init__(self, state: Path, *, idle: bool, warm: Runtime | None = None) -> None:
        self.state = state
        node = find_node()
        script = host_root() / "js" / "server" / "main.js"
        command = [os.fspath(node.path), *HOST_FLAGS, os.fspath(script), "--state", os.fspath(state)]
        command += ["--patience", str(round(patience() * 1000))]
        if idle:
            command.append("--idle")
        if warm:
            command += ["--warm", json.dumps(warm)]
        environment = {
            # Its packages are those of the wasmtime runtime; it is the cpython runtime's where nothing else is said.
            "STEPWELL_HOST_PYTHON": sys.executable,
            **host_environment(),
            "STEPWELL_COMMAND": shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]]),
        }
        self.on_debugger: Callable[[bool], None] = lambda _on: None
        """Told when a debugger in a workflow takes the terminal, and when it gives it back."""
        self._closed = False
        self._over = threading.Event()
        """It says nothing any more."""
        self._left = False
        """Whether it has said that it has let go of the state, and is about to end."""
        self._fatal: str | None = None
        self._held_back: list[str] | None = []
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own script
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
            )
        except OSError as error:
            raise InputError(f"{node.path} (from {node.source}) cannot be run: {error}.") from error
        self._listener = threading.Thread(target=self._listen, name="host stderr", daemon=True)
        self._listener.start()

    def wait_ready(self) -> str | Owner | None:
        """
        Wait until it is ready, or knows that somebody else owns the state.

        Returns:
            Its socket; or who the other one is, as far as that is known: it answers, or has not for `patience`.

        Raises:
            InputError: The state, or Node, cannot be used.
        """
        assert self._process.stdout  # noqa: S101 - a pipe was asked for
        line = self._process.stdout.readline()
        try:
            answer = json.loads(line)
        except ValueError:
            answer = None
        match answer:
            case {"ready": {"socket": str(socket)}}:
                self._pass_on()
                return socket
            case {"error": {"code": "state.owned", **rest}}:
                self.close()
                return parse_owner(rest.get("owner"))
            case {"error": {"code": str(code), "message": str(message)}} if code.startswith("state."):
                self.close()
                raise state_error(self.state, code, message)
            case {"error": {"message": str(message)}}:
                self.close()
                raise InternalError(f"The host did not start: {message}")
        self.close()
        # Only now, because asking for the version takes as long as starting.
        node_version(find_node())
        self._listener.join(STOP_PATIENCE)
        said = "\n".join(self._held_back or ())
        raise InternalError(f"The host did not start (exit code {self._process.returncode}).\n{said}".rstrip())

    def death(self) -> Exception | None:
        """Why it ended, if it has; waits a moment for one that is about to."""
        try:
            code = self._process.wait(STOP_PATIENCE)
        except subprocess.TimeoutExpired:
            return None
        self._listener.join(STOP_PATIENCE)
        with contextlib.suppress(ValueError):
            match json.loads(self._fatal or ""):
                case {"fatal": {"code": str(word), "message": str(message)}} if word.startswith("state."):
                    return state_error(self.state, word, message)
                case {"fatal": {"message": str(message)}}:
                    return InternalError(f"The host failed: {message}")
        if code < 0:
            return HostLostError(f"The host process was killed (signal {-code}).", sent=True)
        return InternalError(f"The host process ended by itself (exit code {code}).")

    def close(self) -> None:
        """Let go of it: it ends unless somebody else is following an instance. A second time does nothing."""
        if self._closed:
            return
        self._closed = True
        with contextlib.suppress(OSError):
            assert self._process.stdin  # noqa: S101 - a pipe was asked for
            self._process.stdin.close()
        # One that has let go of the state is not waited for: Node takes 50 ms to end.
        if self._over.wait(STOP_PATIENCE) and not self._left:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_PATIENCE)

    def _listen(self) -> None:
        # What the host says is for people, except its last words (`death`), and what it says of a start that fails.
        assert self._process.stderr  # noqa: S101 - a pipe was asked for
        for raw in self._process.stderr:
            line = raw.decode(errors="replace").rstrip("\n")
            if line.startswith('{"fatal"'):
                self._fatal = line
            elif line == '{"left":true}':
                self._left = True
                self._over.set()
            elif line.startswith('{"debugger"'):
                self.on_debugger(json.loads(line)["debugger"])
            elif (held_back := self._held_back) is not None:
                held_back.append(line)
            else:
                sys.stderr.write(line + "\n")
        self._over.set()

    def _pass_on(self) -> None:
        said, self._held_back = self._held_back, None
        for line in said or ():
            sys.stderr.write(line + "\n")


@dataclass
class Connection:
    """
    A connection to the state's owner, which may be a process of ours.

    Attributes:
        client: Its HTTP interface.
        process: The process, where it is ours.
        owner: Who it is, where it is not.
    """

    client: Client
    process: HostProcess | None
    owner: Owner | None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection, and let go of the process."""
        self.client.close()
        if self.process is not None:
            self.process.close()


class Opening:
    """
    The way to a connection, begun at once: a host is spawned unless somebody seems to own the state.

    Between the beginning and `connection` there is time for other things.

    Args:
        state: Which.
        idle: Run nothing until something is deployed.
        warm: The runtime of which an interpreter is wanted soon; None for none.
    """

    def __init__(self, state: Path, *, idle: bool, warm: Runtime | None = None) -> None:
        self._state = state
        self._idle = idle
        self._warm = warm
        owner = read_owner(state)
        # Of one that was killed the file is left, and a host had better start at once.
        self._owner = None if owner is None or owner.is_gone() else owner
        self._process = None if self._owner else HostProcess(state, idle=idle, warm=warm)

    def connection(self) -> Connection:
        """
        Connect to the owner, whoever that turns out to be.

        Raises:
            InputError: The state cannot be used, or its owner does not answer.
        """
        from stepwell.client import Client  # noqa: PLC0415 - imported while Node starts

        deadline = time.monotonic() + patience()
        while True:
            if self._process is None:
                owner = self._owner
                left = deadline - time.monotonic()
                if owner is not None and (client := Client(owner.socket)).answers(max(left, FIRST_ANSWER)):
                    return Connection(client, None, owner)
                if time.monotonic() > deadline:
                    who = owner or "another process"
                    raise InputError(
                        f"State file {str(self._state)!r} is in use by {who}, which does not answer. "
                        "Wait for it to end, or end it; nothing is lost by that."
                    )
                self._process = HostProcess(self._state, idle=self._idle, warm=self._warm)
            answer = self._process.wait_ready()
            if isinstance(answer, str):
                return Connection(Client(answer), self._process, None)
            # Who answered just now may have ended since; then the next one starts.
            self._process, self._owner = None, answer

    def close(self) -> None:
        """Give up."""
        if self._process is not None:
            self._process.close()


def open_host(state: Path, *, idle: bool) -> Connection:
    """Connect to the owner of *state*, which becomes a process of ours where there is none."""
    opening = Opening(state, idle=idle)
    try:
        return opening.connection()
    except BaseException:
        opening.close()
        raise
