"""
The way to the state's owner: a host that runs already, or one that this command starts.

Node is spawned first of all, and the slow imports of Python happen while it starts.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from stepwell.exceptions import InputError
from stepwell.host_process import HostProcess, owner_timeout
from stepwell.state import read_owner

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from stepwell.client import Client
    from stepwell.runtimes import Runtime
    from stepwell.state import StateOwner

FIRST_REPLY_TIMEOUT_S = 1.0
"""The least time that an owner has to reply."""


@dataclass
class Connection:
    """
    A connection to the state's owner, which may be a process of ours.

    Attributes:
        client: The owner's HTTP interface.
        process: The owner's process, if this command started it.
        owner: The owner, if another process started it.
    """

    client: Client
    process: HostProcess | None
    owner: StateOwner | None

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
        idle: Run nothing until something is deployed.
        warm: The runtime whose interpreter is needed soon, or None.
    """

    def __init__(self, state: Path, *, idle: bool, warm: Runtime | None = None) -> None:
        self._state = state
        self._idle = idle
        self._warm = warm
        owner = read_owner(state)
        # A killed owner leaves its file behind. A host starts at once then.
        self._owner = None if owner is None or owner.is_gone() else owner
        self._process = None if self._owner else HostProcess(state, idle=idle, warm=warm)

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
                owner = self._owner
                left = deadline - time.monotonic()
                if owner is not None and (client := Client(owner.socket)).ping(max(left, FIRST_REPLY_TIMEOUT_S)):
                    return Connection(client, None, owner)
                if time.monotonic() > deadline:
                    who = owner or "another process"
                    raise InputError(
                        f"State file {str(self._state)!r} is in use by {who}, which does not answer. "
                        "Wait for it to end, or end it; nothing is lost by that."
                    )
                self._process = HostProcess(self._state, idle=self._idle, warm=self._warm)
            started = self._process.wait_ready()
            if isinstance(started, str):
                return Connection(Client(started), self._process, None)
            # An owner that replied a moment ago may have ended since. The next host starts then.
            self._process, self._owner = None, started

    def close(self) -> None:
        """Release the process, if there is one."""
        if self._process is not None:
            self._process.close()


def open_host(state: Path, *, idle: bool) -> Connection:
    """Connect to the owner of *state*; start a host if the state has no owner."""
    connector = HostConnector(state, idle=idle)
    try:
        return connector.connection()
    except BaseException:
        connector.close()
        raise
