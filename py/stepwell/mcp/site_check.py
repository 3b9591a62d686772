"""
Which pages may send requests: `js/server/requests/origin.js`, for this server.

The `Origin` header of a page's request names its site, unless the site has made its own name resolve to 127.0.0.1 (DNS
rebinding): then the `Host` header names the site. So both are checked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["SiteCheck"]

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})

DEFAULT_PORTS = {"http": 80, "https": 443}


class SiteCheck:
    """
    Refuses requests for other servers, and of pages of other servers.

    Args:
        app: Answers the others.
        hosts: Names of this server besides those of loopback. None: any name, where tokens are required.
    """

    def __init__(self, app: ASGIApp, hosts: frozenset[str] | None) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] == "http" and (refusal := self._refusal(Headers(scope=scope))):
            await refusal(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _refusal(self, headers: Headers) -> PlainTextResponse | None:
        host = headers.get("host", "")
        name = _name_of(host)
        if self._hosts is not None and name not in LOOPBACK_NAMES | self._hosts:
            return PlainTextResponse(f"This server is not {host!r}. Use one of its own names.", 421)
        origin = headers.get("origin")
        if origin is not None and not _is_same_origin(origin, host):
            return PlainTextResponse(f"Pages of {origin!r} may not use this server.", 403)
        return None


def _name_of(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None


def _is_same_origin(origin: str, host: str) -> bool:
    try:
        page = urlsplit(origin)
        ours = urlsplit(f"{page.scheme}://{host}")
        default = DEFAULT_PORTS.get(page.scheme)
        same = (page.hostname, page.port or default) == (ours.hostname, ours.port or default)
    except ValueError:
        return False
    return same and default is not None
