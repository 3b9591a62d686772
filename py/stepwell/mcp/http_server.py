"""The server over HTTP: the protocol's streamable transport, with the tokens of the REST interface."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import anyio
import click
import uvicorn
from mcp.server.auth.middleware.bearer_auth import RequireAuthMiddleware
from mcp.server.streamable_http_manager import StreamableHTTPASGIApp, StreamableHTTPSessionManager
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route

from stepwell.http_connection import DEFAULT_ACCOUNT
from stepwell.mcp.host_access import CallerAccess
from stepwell.mcp.http_auth import SCOPES, authentication, caller_of
from stepwell.mcp.keeping import keep_owner
from stepwell.mcp.server import make_server
from stepwell.mcp.site_check import SiteCheck

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator

    from stepwell.mcp.host_access import HostAccess
    from stepwell.mcp.http_options import HttpOptions

__all__ = ["serve_http"]

PATH = "/mcp"
MAX_BODY_BYTES = 16 * 2**20
"""As the REST interface has it."""
MAX_CONNECTIONS = 1000
GRACE_S = 3
"""How long requests that run may take to end when the server stops."""


def serve_http(host: HostAccess, options: HttpOptions, listener: socket.socket) -> int:
    """
    Serve clients at *listener* until a signal.

    Returns:
        The signal.
    """
    ip, port = listener.getsockname()[:2]
    url = options.public_url or f"http://{f'[{options.ip}]' if ':' in options.ip else options.ip}:{port}"
    needs_token = options.needs_token(ip)
    check = Middleware(SiteCheck, hosts=options.known_hosts(ip))

    def announce() -> None:
        click.echo(f"Offering {', '.join(host.workflows)} over MCP at {url.rstrip('/')}{PATH}", err=True)
        if needs_token and not _has_tokens(host):
            click.echo("A token is required, and none exists. Create one with: stepwell tokens create NAME", err=True)

    app = _application(host, urlsplit(url).path.rstrip("/"), check, needs_token=needs_token)
    return anyio.run(partial(_serve, host, app, listener, announce))


def _application(host: HostAccess, base: str, check: Middleware, *, needs_token: bool) -> Starlette:
    manager = StreamableHTTPSessionManager(
        make_server(host, partial(caller_of, host)), max_request_body_size=MAX_BODY_BYTES
    )
    endpoint: Any = StreamableHTTPASGIApp(manager)
    if needs_token:
        endpoint = RequireAuthMiddleware(endpoint, SCOPES[:1])
    # A proxy may pass the base path on, or take it away.
    routes = [Route(path, endpoint=endpoint) for path in sorted({PATH, base + PATH})]
    return Starlette(routes=routes, middleware=[check, authentication(host)], lifespan=lambda _: manager.run())


async def _serve(host: HostAccess, app: Starlette, listener: socket.socket, announce: Callable[[], None]) -> int:
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        limit_concurrency=MAX_CONNECTIONS,
        timeout_graceful_shutdown=GRACE_S,
    )
    server = _Server(config, announce)
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async with keep_owner(host), anyio.create_task_group() as tasks:
            tasks.start_soon(partial(server.serve, sockets=[listener]))
            async for number in signals:
                server.should_exit = True
                return number
    return signal.SIGTERM


class _Server(uvicorn.Server):
    """A server that leaves signals to its caller, and says when it listens."""

    def __init__(self, config: uvicorn.Config, announce: Callable[[], None]) -> None:
        super().__init__(config)
        self._announce = announce

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave them alone."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen."""
        await super().startup(sockets)
        await anyio.to_thread.run_sync(self._announce)


def _has_tokens(host: HostAccess) -> bool:
    tokens = CallerAccess(host).call(lambda client: client.tokens())
    account = host.account or DEFAULT_ACCOUNT
    return any(token.account == account and token.revoked_on is None for token in tokens)
