"""Where a host is, and how a request proves that it is meant for that host."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stepwell import __version__

if TYPE_CHECKING:
    from pathlib import Path

PROTOCOL = 2
"""`js/server/admission.js` has the same number. It rises with every change that the other side does not understand."""


def file_identity(path: Path) -> str | None:
    """The identity of the file at *path*, its device and its inode, or None if it is missing. Copies have others."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return f"{found.st_dev}:{found.st_ino}"


@dataclass(frozen=True, slots=True)
class HostAddress:
    """
    The socket of a host, and the state that it must own.

    Attributes:
        socket: The path of the Unix socket.
        secret: What the host has written beside the state for the users who may read it.
        identity: The identity of the state file.
        trusted_users: The ids of the users whose processes may be the host.
    """

    socket: str
    secret: str
    identity: str
    trusted_users: frozenset[int]

    @property
    def headers(self) -> dict[str, str]:
        """The headers of every request to the host."""
        return {
            "authorization": f"Bearer {self.secret}",
            "stepwell-protocol": str(PROTOCOL),
            "stepwell-version": __version__,
            "stepwell-state": self.identity,
        }


def address_of(state: Path, socket: str, secret: str) -> HostAddress | None:
    """The address of a host at *socket* that must own the file *state*; None if there is no such file."""
    identity = file_identity(state)
    if identity is None:
        return None
    # The file's owner can read it anyway. Its owner may be another user than the one who runs the command.
    return HostAddress(socket, secret, identity, frozenset({os.geteuid(), state.stat().st_uid}))
