"""The options of `stepwell mcp` over HTTP."""

from __future__ import annotations

import functools
import ipaddress
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import click

from stepwell.exceptions import InputError
from stepwell.listener import LOOPBACK, MAX_PORT

if TYPE_CHECKING:
    from collections.abc import Callable

F = TypeVar("F", bound="Callable[..., Any]")


@dataclass(frozen=True, slots=True)
class HttpOptions:
    """Where the server listens, and who may call it."""

    port: int
    ip: str = LOOPBACK
    public_url: str | None = None
    require_token: bool = False

    def bind(self) -> socket.socket:
        """
        Take the address.

        Raises:
            InputError: It cannot be listened at.
        """
        try:
            family, _, _, _, address = socket.getaddrinfo(self.ip, self.port, type=socket.SOCK_STREAM)[0]
            return socket.create_server(address, family=family)
        except OSError as error:
            raise InputError(f"Cannot listen at {self.ip}, port {self.port}: {error.strerror or error}.") from None

    def needs_token(self, ip: str) -> bool:
        """Whether each request needs a token, where the server listens at *ip*."""
        return self.require_token or self.public_url is not None or not _is_loopback(ip)

    def known_hosts(self, ip: str) -> frozenset[str] | None:
        """
        The names of the server besides those of loopback.

        Returns:
            None: any name. A server that other machines reach does not know by which names they call it.
        """
        if self.public_url is not None:
            return frozenset({urlsplit(self.public_url).hostname or ""})
        return frozenset() if _is_loopback(ip) else None


def http_options(command: F) -> F:
    """Add `--port` and what belongs to it; the command gets them as `http`, None without a port: then it uses stdio."""

    @click.option("--port", type=click.IntRange(0, MAX_PORT), help="Serve HTTP at this port, not stdio; 0: a free one.")
    @click.option("--ip", metavar="ADDRESS", help=f"Where to listen.  [default: {LOOPBACK}]")
    @click.option("--public-url", metavar="URL", help="Where a proxy makes the server known, base path included.")
    @click.option("--require-token", is_flag=True, help="Require a token on loopback too.")
    @functools.wraps(command)
    def with_http(
        *,
        port: int | None,
        ip: str | None,
        public_url: str | None,
        require_token: bool,
        **others: Any,  # noqa: ANN401 - the command's own
    ) -> Any:  # noqa: ANN401 - likewise
        if port is None:
            given = {"--ip": ip, "--public-url": public_url, "--require-token": require_token or None}
            for name in (name for name, value in given.items() if value is not None):
                raise InputError(f"{name} is about HTTP, and the server uses stdin and stdout. Add --port.")
            return command(http=None, **others)
        if public_url is not None:
            _check_url(public_url)
        return command(http=HttpOptions(port, ip or LOOPBACK, public_url, require_token), **others)

    return with_http  # type: ignore[return-value]


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        is_url = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        is_url = False
    if not is_url:
        raise InputError(f"--public-url is {url!r}; it must be an http or https address, such as https://mcp.example.")


def _is_loopback(ip: str) -> bool:
    address = ipaddress.ip_address(ip.partition("%")[0])
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)
