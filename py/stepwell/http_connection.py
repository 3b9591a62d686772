"""How a client reaches a host: over the Unix socket of a state, or over the network."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, quote, urlsplit

from stepwell.exceptions import HostLostError, InputError
from stepwell.unix_connection import UnixConnection

if TYPE_CHECKING:
    from stepwell.host_address import HostAddress

DEFAULT_ACCOUNT = "default"
REST = "/client/v4"
CALLER_HEADER = "stepwell-caller"
MAX_BODY_BYTES = 128 * 1024 * 1024
"""The longest body that the host reads: `js/server/requests/body.js`."""


@dataclass(frozen=True, slots=True)
class UnixEndpoint:
    """
    The host that owns a state on this machine.

    Attributes:
        caller: The token of the caller for whom requests are sent, which limits what the host allows. None: no limit.
    """

    address: HostAddress
    account: str = DEFAULT_ACCOUNT
    timeout_s: float | None = None
    caller: str | None = None

    @property
    def prefix(self) -> str:
        """The path of the account."""
        return f"{REST}/accounts/{quoted(self.account)}"

    @property
    def headers(self) -> dict[str, str]:
        """The proof that the request is meant for this host."""
        named = {} if self.caller is None else {CALLER_HEADER: self.caller}
        return {**self.address.headers, **named}

    def connect(self) -> http.client.HTTPConnection:
        """A connection to the socket."""
        return UnixConnection(self.address, self.timeout_s)

    def lost(self, error: Exception, *, sent: bool) -> Exception:
        """The host has ended, or is too slow; *sent*: after a whole request was sent."""
        if isinstance(error, TimeoutError) and self.timeout_s is not None:
            return InputError(f"The host did not answer within {self.timeout_s:g} s (--timeout).")
        return HostLostError(f"The host process ended ({str(error) or type(error).__name__}).", sent=sent)


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
        return f"{base}{REST}/accounts/{quoted(self.account)}"

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

    def lost(self, error: Exception, *, sent: bool) -> Exception:  # noqa: ARG002 - as the other endpoint
        """The server cannot be reached."""
        if isinstance(error, TimeoutError) and self.timeout_s is not None:
            return InputError(f"{self.url} did not answer within {self.timeout_s:g} s (--timeout).")
        return InputError(
            f"{self.url} does not answer: {str(error) or type(error).__name__}. "
            "Check --url, and that `stepwell serve --port` runs there."
        )

    def _parts(self) -> SplitResult:
        parts = urlsplit(self.url)
        with contextlib.suppress(ValueError):
            _ = parts.port
            if parts.scheme in {"http", "https"} and parts.hostname:
                return parts
        raise InputError(f"--url is {self.url!r}; it must be the http or https address of a server.")


Endpoint = UnixEndpoint | RemoteEndpoint
"""Where a host is, and the account that requests are for."""


def shut_down(connection: http.client.HTTPConnection) -> None:
    """End *connection* under the thread that reads from it."""
    if isinstance(connection.sock, socket.socket):
        with contextlib.suppress(OSError):
            connection.sock.shutdown(socket.SHUT_RDWR)


def send(connection: http.client.HTTPConnection, method: str, path: str, body: object, headers: dict[str, str]) -> None:
    """
    Send a request with *body* as JSON.

    Raises:
        InputError: The body is too large.
        OSError: The connection has ended. The host carries out no request that it has read only in part.
    """
    data = None
    if method not in {"GET", "DELETE"}:
        data = _encoded(body)
        headers = {**headers, "content-type": "application/json"}
    connection.request(method, path, body=data, headers=headers)


def _encoded(body: object) -> bytes:
    try:
        # ASCII: a lone surrogate has an escape, but no UTF-8.
        data = json.dumps(body, allow_nan=False).encode()
    except RecursionError:
        raise InputError("The value is nested too deeply.") from None
    except ValueError as error:
        raise InputError(f"The value cannot be sent as JSON: {error}.") from None
    if len(data) > MAX_BODY_BYTES:
        raise InputError(f"The request is {len(data):,} bytes long; the limit is {MAX_BODY_BYTES:,}.")
    return data


def quoted(text: str) -> str:
    """
    *text* as a part of a path.

    Raises:
        InputError: It would lead to another path: servers take `..` for the part before it, also when it is escaped.
    """
    if text in {"", ".", ".."}:
        raise InputError(f"{text!r} is not a name or an id.")
    try:
        return quote(text, safe="", errors="surrogateescape")
    except UnicodeEncodeError:
        raise InputError(f"{text!r} is not a name or an id: it is not Unicode text.") from None
