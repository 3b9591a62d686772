"""
The way to the state's owner: a host that runs already, or one that this command starts.

Node is spawned first of all, and the slow imports of Python happen while it starts.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from stepwell import __version__
from stepwell.exceptions import InputError
from stepwell.host_address import HostAddress, address_of
from stepwell.host_process import HostProcess, HostSettings, owner_timeout
from stepwell.http_connection import UnixEndpoint
from stepwell.ledger_address import shown_state
from stepwell.owner_loss_timer import OwnerLossTimer
from stepwell.state import read_owner

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from stepwell.client import Client
    from stepwell.exceptions import HostLostError
    from stepwell.state import StateOwner

FIRST_REPLY_TIMEOUT_S = 1.0
"""The least time that an owner has to reply."""


@dataclass
class Connection:
    """
    A connection to the state's owner, which may be a process of ours.

    Attributes:
        client: The owner's HTTP interface.
        address: The owner's socket; None for a server in the network.
        process: The owner's process, if this command started it.
        owner: The owner, if another process started it.
        is_remote: It is a server in the network.
    """

    client: Client
    address: HostAddress | None
    process: HostProcess | None
    owner: StateOwner | None
    is_remote: bool = False

    @property
    def runs(self) -> bool:
        """Whether instances run there without this command: in a process that owns the state, or on a server."""
        return self.is_remote or self.owner is not None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection, and release the process."""
        self.client.close()
        if self.process is not None:
            self.process.close()


class HostConnector:
    """
    Connects to the owner of a state. The constructor spawns a host unless another process seems to own the state.

    Between the constructor and `connection` there is time for other work.

    Args:
        state: The path of the state file.
        settings: How a host runs that this command starts.
    """

    def __init__(self, state: Path, settings: HostSettings) -> None:
        self._state = state
        self._settings = settings
        owner = read_owner(state)
        # A killed owner leaves its file behind. A host starts at once then.
        self._owner = None if owner is None or owner.is_gone() else owner
        self._process = None if self._owner else self._spawn()

    def connection(self) -> Connection:
        """
        Connect to the owner, whichever process it is.

        Raises:
            InputError: The state cannot be used, or its owner does not reply.
        """
        from stepwell.client import Client  # noqa: PLC0415 - imported while Node starts

        deadline = time.monotonic() + owner_timeout()
        while True:
            if self._process is None:
                if self._owner is not None and (reached := self._reach(self._owner, deadline)):
                    return reached
                if time.monotonic() > deadline:
                    raise self._no_reply()
                self._process = self._spawn()
            started = self._process.wait_ready()
            if isinstance(started, HostAddress):
                return Connection(Client(UnixEndpoint(started)), started, self._process, None)
            # An owner that replied a moment ago may have ended since. The next host starts then.
            self._process, self._owner = None, started

    def close(self) -> None:
        """Release the process, if there is one."""
        if self._process is not None:
            self._process.close()

    def _spawn(self) -> HostProcess:
        return HostProcess(self._state, self._settings)

    def _reach(self, owner: StateOwner, deadline: float) -> Connection | None:
        """A connection to *owner*; None if it does not reply, or owns another file: hints are copied with folders."""
        from stepwell.client import Client  # noqa: PLC0415 - imported already by now

        if owner.secret is None:
            raise InputError(
                f"State file {shown_state(self._state)!r} is in use by {owner}, a host of an older Stepwell "
                f"({owner.version or 'unknown version'}); this command is Stepwell {__version__}. "
                "End that process, or use its version."
            )
        address = address_of(self._state, owner.socket, owner.secret)
        if address is None:
            return None
        client = Client(UnixEndpoint(address))
        reached = client.ping(max(deadline - time.monotonic(), FIRST_REPLY_TIMEOUT_S))
        return Connection(client, address, None, owner) if reached else None

    def _no_reply(self) -> InputError:
        who = self._owner or "another process"
        return InputError(
            f"State file {shown_state(self._state)!r} is in use by {who}, which does not answer. "
            "Wait for it to end, or end it; nothing is lost by that."
        )


def open_host(state: Path, *, idle: bool) -> Connection:
    """
    Connect to the owner of *state*; start a host if the state has no owner.

    A request that an owner does not carry out because it ends goes to the next owner.
    """
    connection = _connect(state, idle=idle)
    losses = OwnerLossTimer()

    def next_address(error: HostLostError) -> HostAddress:
        if losses.record(time.monotonic()) > owner_timeout():
            raise error
        if connection.process is not None:
            raise connection.process.death() or error
        following = _connect(state, idle=idle)
        connection.process, connection.owner = following.process, following.owner
        assert following.address is not None  # noqa: S101 - it is no server in the network
        return following.address

    connection.client.next_address = next_address
    return connection


def _connect(state: Path, *, idle: bool) -> Connection:
    connector = HostConnector(state, HostSettings(idle=idle))
    try:
        return connector.connection()
    except BaseException:
        connector.close()
        raise
