"""The HTTP interface in the network, which `stepwell serve --port` opens."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable

LOOPBACK = "127.0.0.1"
MAX_PORT = 65_535

F = TypeVar("F", bound="Callable[..., Any]")


def listener_options(command: F) -> F:
    """Add `--port` and what belongs to it; the command gets them as `listener`, None without a port."""

    @click.option("--port", type=click.IntRange(0, MAX_PORT), help="Listen at this port; 0: a free one.")
    @click.option("--ip", metavar="ADDRESS", default=LOOPBACK, show_default=True, help="Where to listen.")
    @click.option("--public-url", metavar="URL", help="The address of a proxy, with its base path, that clients use.")
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
