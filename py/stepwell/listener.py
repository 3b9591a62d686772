"""The HTTP interface in the network, which `stepwell serve --port` opens."""

from __future__ import annotations

import contextlib
import functools
import json
from typing import TYPE_CHECKING, Any, TypeVar

import click

from stepwell.exceptions import InternalError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stepwell.client import Client

LOOPBACK = "127.0.0.1"
MAX_PORT = 65_535

F = TypeVar("F", bound="Callable[..., Any]")


def listener_options(command: F) -> F:
    """Add `--port` and what belongs to it; the command gets them as `listener`, None without a port."""

    @click.option("--port", type=click.IntRange(0, MAX_PORT), help="Serve the REST API at this port; 0: a free one.")
    @click.option("--ip", metavar="ADDRESS", default=LOOPBACK, show_default=True, help="Where to listen.")
    @click.option("--public-url", metavar="URL", help="Where a proxy makes the API known, base path included.")
    @click.option("--require-token", is_flag=True, help="Require a token on loopback too.")
    @click.option(
        "--create-rate",
        type=click.IntRange(0),
        default=0,
        metavar="N",
        help="How many instances an account may create a second. Default: no limit.",
    )
    @functools.wraps(command)
    def with_listener(
        *,
        port: int | None,
        ip: str,
        public_url: str | None,
        require_token: bool,
        create_rate: int,
        **others: Any,  # noqa: ANN401 - the command's own
    ) -> Any:  # noqa: ANN401 - likewise
        listener: dict[str, object] | None = None
        if port is not None:
            listener = {
                "ip": ip,
                "port": port,
                "token_required": require_token,
                "creations_per_second": create_rate,
                **({} if public_url is None else {"public_url": public_url}),
            }
        return command(listener=listener, **others)

    return with_listener  # type: ignore[return-value]


@contextlib.contextmanager
def open_listener(client: Client, listener: dict[str, object] | None) -> Iterator[None]:
    """Have the host listen as long as the context lasts, and say where."""
    if listener is None:
        yield
        return
    stream = client.listen(listener)
    # As long as it is referred to the stream stays open.
    lines = stream.lines()
    try:
        opened = json.loads(next(lines, b"null"))
        match opened:
            case {"url": str(url), "token_required": bool(token_required)}:
                _announce(client, url, token_required=token_required)
            case _:
                raise InternalError(f"Malformed response from the host for /listeners: {opened!r}")
        yield
    finally:
        stream.close()


def _announce(client: Client, url: str, *, token_required: bool) -> None:
    click.echo(f"Ready on {url} (REST: {url}/client/v4)", err=True)
    if token_required and not any(token.revoked_on is None for token in client.tokens()):
        click.echo("A token is required, and there is none. Create one with: stepwell tokens create NAME", err=True)
