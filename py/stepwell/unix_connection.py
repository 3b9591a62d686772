"""HTTP over a Unix socket, to a process of a trusted user only."""

from __future__ import annotations

import http.client
import socket
import struct
import sys
from typing import TYPE_CHECKING

from stepwell.exceptions import HostLostError

if TYPE_CHECKING:
    from stepwell.host_address import HostAddress

_LINUX_CREDENTIALS = struct.Struct("3i")
"""Process, user and group: `struct ucred`."""
_MACOS_CREDENTIALS = struct.Struct("2Ih")
"""Version, user and number of groups: the beginning of `struct xucred`."""
_MACOS_CREDENTIALS_BYTES = 76
_SOL_LOCAL = 0
_LOCAL_PEERCRED = 1


def peer_user(connection: socket.socket) -> int | None:
    """The id of the user whose process is at the other end; None where the system does not tell."""
    if hasattr(socket, "SO_PEERCRED"):
        data = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _LINUX_CREDENTIALS.size)
        _, user, _ = _LINUX_CREDENTIALS.unpack(data)
        return int(user)
    if sys.platform == "darwin":
        data = connection.getsockopt(_SOL_LOCAL, _LOCAL_PEERCRED, _MACOS_CREDENTIALS_BYTES)
        _, user, _ = _MACOS_CREDENTIALS.unpack_from(data)
        return int(user)
    return None


class UnixConnection(http.client.HTTPConnection):
    """A connection to the host at *address*. The first request opens it."""

    def __init__(self, address: HostAddress, timeout: float | None = None) -> None:
        super().__init__("localhost", timeout=timeout)
        self._address = address

    def connect(self) -> None:
        """Open the connection. Nothing is sent to a process of a user who is not trusted."""
        path = self._address.socket
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.settimeout(self.timeout)
            connection.connect(path)
            user = peer_user(connection)
        except OSError as error:
            connection.close()
            raise HostLostError(f"No host answers at {path} ({error.strerror or error}).", sent=False) from error
        if user is not None and user not in self._address.trusted_users:
            connection.close()
            raise HostLostError(f"The process at {path} belongs to another user (id {user}).", sent=False)
        self.sock = connection
