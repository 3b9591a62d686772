"""
The host process that a command starts.

A control socket connects the two: the host has its end as standard input. The command closes its end when it no longer
needs the host. The host writes its control messages to the socket, one JSON object a line: `ready` or `error`, then
`debugger`, `fatal` and `left`. Standard output and standard error carry text for people only, so no text that a
workflow prints can be taken for a control message.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stepwell.exceptions import HostFencedError, HostLostError, HostStoppedError, InputError, InternalError
from stepwell.formatting import shown_command
from stepwell.host_address import HostAddress
from stepwell.ledger_address import ledger_of
from stepwell.node import HOST_FLAGS, find_node, host_environment, network_flags, node_version
from stepwell.state import parse_owner, state_error

if TYPE_CHECKING:
    from collections.abc import Callable

    from stepwell.runtimes import Warm
    from stepwell.state import StateOwner

OWNER_TIMEOUT_S = 20.0
"""How long to wait for an owner that does not reply: it may be starting, stopping or busy."""
LEDGER_VARIABLE = "STEPWELL_LEDGER"
OWNER_TIMEOUT_VARIABLE = "STEPWELL_PATIENCE"
STOP_TIMEOUT_S = 2.0
"""How long to wait for our host to end. With other subscribers it keeps running."""


def host_root() -> Path:
    """The tree with `js/`, `runtime/` and the rest: inside the package, or the checkout around it."""
    package = Path(__file__).resolve().parent
    bundled = package / "_host"
    root = bundled if bundled.is_dir() else package.parents[1]
    if not (root / "js" / "server" / "main.js").exists():
        raise InternalError(f"The host's files are missing from {root}; install Stepwell again.")
    return root


def owner_timeout() -> float:
    """
    How many seconds to wait for an owner that does not reply.

    Raises:
        InputError: `STEPWELL_PATIENCE` is not a number.
    """
    given = os.environ.get(OWNER_TIMEOUT_VARIABLE, "")
    try:
        seconds = float(given or OWNER_TIMEOUT_S)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds < math.inf:
        raise InputError(f"{OWNER_TIMEOUT_VARIABLE} is {given!r}; it must be a number of seconds.")
    return seconds


@dataclass(frozen=True, slots=True)
class HostSettings:
    """
    How a host runs.

    Attributes:
        idle: Run nothing until something is deployed.
        warm: What an interpreter is needed for soon, or None.
        bindings: Whether bindings are called soon that workerd carries out.
        standby: Wait without end while an engine on another machine holds the state.
        rejoins: The state has been run by this command before: its database is waited for.
        force_replay: Replay an instance after each of its steps, waits and sleeps.
    """

    idle: bool = False
    warm: Warm | None = None
    bindings: bool = False
    force_replay: bool = False
    standby: bool = False
    rejoins: bool = False

    @property
    def arguments(self) -> list[str]:
        """The arguments of the host's script."""
        arguments = ["--patience", str(round(owner_timeout() * 1000))]
        if self.idle:
            arguments.append("--idle")
        if self.standby:
            arguments.append("--standby")
        if self.rejoins:
            arguments.append("--rejoins")
        if self.force_replay:
            arguments.append("--force-replay")
        if self.bindings:
            arguments.append("--bindings")
        if self.warm:
            arguments += ["--warm", self.warm.to_json()]
        return arguments


class HostProcess:
    """
    A host that this command has started. It lives as long as the control socket is open.

    The constructor does not wait: `wait_ready` does.

    Attributes:
        on_debugger: Called with True when a debugger in a workflow takes the terminal, with False when it returns it.
    """

    def __init__(self, state: Path, settings: HostSettings) -> None:
        self.state = state
        self.on_debugger: Callable[[bool], None] = lambda _on: None
        self._closed = False
        self._started = threading.Event()
        """The first control message has arrived, or the host ended without one."""
        self._start: dict[str, Any] | None = None
        self._over = threading.Event()
        """The control socket has ended, or the host has let go of the state."""
        self._left = False
        """The host has let go of the state and is about to end."""
        self._signal: str | None = None
        """The signal that has stopped the host in good order."""
        self._fatal: dict[str, Any] | None = None
        self._held_back: list[str] | None = []
        """Text for people that the host writes while it starts; None once it is passed on."""
        self._control, theirs = socket.socketpair()
        text_output, text_input = os.pipe()
        try:
            self._process = self._spawn(theirs, text_input, settings)
        except BaseException:
            os.close(text_output)
            self._control.close()
            raise
        finally:
            theirs.close()
            os.close(text_input)
        self._listeners = [
            threading.Thread(target=self._read_control, name="host control", daemon=True),
            threading.Thread(target=self._read_text, args=(text_output,), name="host text", daemon=True),
        ]
        for listener in self._listeners:
            listener.start()

    def _spawn(self, control: socket.socket, text: int, settings: HostSettings) -> subprocess.Popen[bytes]:
        node = find_node()
        script = host_root() / "js" / "server" / "main.js"
        command = [
            os.fspath(node.path),
            *HOST_FLAGS,
            *network_flags(),
            os.fspath(script),
            "--state",
            os.fspath(self.state),
        ]
        command += settings.arguments
        environment = {
            # The wasmtime runtime takes its packages from this Python. The cpython runtime uses it by default.
            "STEPWELL_HOST_PYTHON": sys.executable,
            **host_environment(),
            # It may have a password, which other users could read in the arguments of a process.
            **({} if (ledger := ledger_of(self.state)) is None else {LEDGER_VARIABLE: ledger}),
            "STEPWELL_COMMAND": shown_command(Path(sys.argv[0]).name, *sys.argv[1:]),
        }
        try:
            return subprocess.Popen(command, stdin=control.fileno(), stdout=text, stderr=text, env=environment)  # noqa: S603 - our own script
        except OSError as error:
            raise InputError(f"{node.path} (from {node.source}) cannot be run: {error}.") from error

    def wait_ready(self) -> HostAddress | StateOwner | None:
        """
        Wait until the host is ready, or until it reports that another process owns the state.

        Returns:
            The host's address; or the other owner, None where it is unknown. The other owner replied, or has not
            replied within `owner_timeout`.

        Raises:
            InputError: The state, or Node, cannot be used.
        """
        self._started.wait()
        match self._start:
            case {"ready": {"socket": str(path), "secret": str(secret), "identity": str(identity)}}:
                self._pass_text_on()
                return HostAddress(path, secret, identity, frozenset({os.geteuid()}))
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
        self._join_listeners()
        text = "\n".join(self._held_back or ())
        raise InternalError(f"The host did not start (exit code {self._process.returncode}).\n{text}".rstrip())

    def death(self) -> Exception | None:
        """Why the host ended, or None while it runs. Waits a moment for a host that is about to end."""
        try:
            code = self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            return None
        self._join_listeners()
        if self._fatal is not None:
            return self._fatal_error(self._fatal)
        if self._signal is not None:
            return HostStoppedError(f"The host process was ended ({self._signal}).", sent=True)
        if code < 0:
            return HostLostError(f"The host process was killed (signal {-code}).", sent=True)
        return InternalError(f"The host process ended by itself (exit code {code}).")

    def _fatal_error(self, fatal: dict[str, Any]) -> Exception:
        """The error that the host's last message *fatal* is about."""
        word, message = str(fatal.get("code")), str(fatal.get("message"))
        if word == "state.fenced":
            return HostFencedError(f"{message} What was not in the database yet runs again.", sent=True)
        if word.startswith("state."):
            return state_error(self.state, word, message)
        return InternalError(f"The host failed: {message}")

    def close(self) -> None:
        """Release the host: it ends unless another process follows an instance. A second call does nothing."""
        if self._closed:
            return
        self._closed = True
        with contextlib.suppress(OSError):
            self._control.shutdown(socket.SHUT_WR)
        # A host that has let go of the state is not waited for: Node takes 50 ms to end.
        if self._over.wait(STOP_TIMEOUT_S) and not self._left:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_TIMEOUT_S)

    def _read_control(self) -> None:
        with contextlib.suppress(OSError), self._control.makefile("rb") as lines:
            for line in lines:
                # A host that is killed leaves half a line.
                with contextlib.suppress(ValueError):
                    self._receive(json.loads(line))
        self._started.set()
        self._over.set()

    def _receive(self, message: dict[str, Any]) -> None:
        match message:
            case {"ready": _} | {"error": _}:
                self._start = message
                self._started.set()
            case {"waiting": {"holder": str(holder), "is_shared": True}}:
                sys.stderr.write(f"Others, such as {holder}, hold all parts of the state; waiting for a share.\n")
            case {"waiting": {"holder": str(holder)}}:
                sys.stderr.write(f"The state is held by {holder}; waiting until that engine has ended.\n")
            case {"away": {"reason": str(reason)}}:
                sys.stderr.write(f"The database of the state does not answer ({reason}); waiting for it.\n")
            case {"debugger": bool(on)}:
                self.on_debugger(on)
            case {"fatal": dict(fatal)}:
                self._fatal = fatal
            case {"left": dict(left)}:
                self._left = True
                self._signal = left.get("signal")
                self._over.set()

    def _read_text(self, text_output: int) -> None:
        with open(text_output, "rb") as lines:
            for raw in lines:
                line = raw.decode(errors="replace").rstrip("\n")
                if (held_back := self._held_back) is not None:
                    held_back.append(line)
                else:
                    sys.stderr.write(line + "\n")

    def _pass_text_on(self) -> None:
        held_back, self._held_back = self._held_back, None
        for line in held_back or ():
            sys.stderr.write(line + "\n")

    def _join_listeners(self) -> None:
        for listener in self._listeners:
            listener.join(STOP_TIMEOUT_S)
