"""How a client reaches a host: over the Unix socket of a state, or over the network."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, urlsplit

from stepwell.exceptions import HostLostError, InputError

DEFAULT_ACCOUNT = "default"
REST = "/client/v4"


@dataclass(frozen=True, slots=True)
class UnixEndpoint:
    """The host that owns a state on this machine."""

    path: str
    account: str = DEFAULT_ACCOUNT
    timeout_s: float | None = None

    @property
    def prefix(self) -> str:
        """The path of the account."""
        return f"{REST}/accounts/{quote(self.account, safe='')}"

    @property
    def headers(self) -> dict[str, str]:
        """Who can open the socket needs no token."""
        return {}

    def connect(self) -> http.client.HTTPConnection:
        """A connection to the socket."""
        return UnixConnection(self.path, self.timeout_s)

    def lost(self, error: Exception) -> Exception:
        """The host has ended, or is too slow."""
        if isinstance(error, TimeoutError) and self.timeout_s is not None:
            return InputError(f"The host did not answer within {self.timeout_s:g} s (--timeout).")
        return HostLostError(f"The host process ended ({str(error) or type(error).__name__}).", sent=True)


@dataclass(frozen=True, slots=True)
class RemoteEndpoint:
    """A server in the network."""

    url: str
    token: str | None = None
    account: str = DEFAULT_ACCOUNT
    timeout_s: float | None = None

    @property
    def prefix(self) -> str:
        """The path of the account, below the base path of the server."""
        base = self._parts().path.rstrip("/").removesuffix(REST)
        return f"{base}{REST}/accounts/{quote(self.account, safe='')}"

    @property
    def headers(self) -> dict[str, str]:
        """The token, if there is one."""
        return {"authorization": f"Bearer {self.token}"} if self.token else {}

    def connect(self) -> http.client.HTTPConnection:
        """A connection to the server."""
        parts = self._parts()
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        assert parts.hostname is not None  # noqa: S101 - checked by _parts
        return kind(parts.hostname, parts.port, timeout=self.timeout_s)

    def lost(self, error: Exception) -> Exception:
        """The server cannot be reached."""
        if isinstance(error, TimeoutError) and self.timeout_s is not None:
            return InputError(f"{self.url} did not answer within {self.timeout_s:g} s (--timeout).")
        return InputError(f"{self.url} does not answer: {str(error) or type(error).__name__}.")

    def _parts(self) -> SplitResult:
        parts = urlsplit(self.url)
        with contextlib.suppress(ValueError):
            _ = parts.port
            if parts.scheme in {"http", "https"} and parts.hostname:
                return parts
        raise InputError(f"--url is {self.url!r}; it must be the http or https address of a server.")


Endpoint = UnixEndpoint | RemoteEndpoint
"""Where a host is, and the account that requests are for."""


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: str, timeout_s: float | None = None) -> None:
        super().__init__("localhost", timeout=timeout_s)
        self._path = path

    def connect(self) -> None:
        """Open the socket."""
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(self.timeout)
        try:
            connection.connect(self._path)
        except OSError as error:
            connection.close()
            raise HostLostError(f"Nobody answers at {self._path} ({error.strerror}).", sent=False) from error
        self.sock = connection


def shut_down(connection: http.client.HTTPConnection) -> None:
    """End *connection* under the thread that reads from it."""
    if isinstance(connection.sock, socket.socket):
        with contextlib.suppress(OSError):
            connection.sock.shutdown(socket.SHUT_RDWR)


def send(
    connection: http.client.HTTPConnection, method: str, path: str, body: object, headers: dict[str, str]
) -> http.client.HTTPResponse:
    """Send a request with *body* as JSON."""
    data = None
    if method not in {"GET", "DELETE"}:
        data = json.dumps(body, ensure_ascii=False, allow_nan=False).encode()
        headers = {**headers, "content-type": "application/json"}
    connection.request(method, path, body=data, headers=headers)
    return connection.getresponse()
