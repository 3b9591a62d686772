"""Keeps the owner of the state alive while a server runs."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio
import click

from stepwell.exceptions import StepwellError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from stepwell.mcp.host_access import HostAccess

CHECK_EVERY_S = 5.0


@asynccontextmanager
async def keep_owner(host: HostAccess) -> AsyncIterator[None]:
    """
    Check now and then whether the state has an owner, and start one if it has none.

    Instances sleep and retry also while no client sends a request.
    """
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_check, host)
        try:
            yield
        finally:
            tasks.cancel_scope.cancel()


async def _check(host: HostAccess) -> None:
    reported = None
    while True:
        await anyio.sleep(CHECK_EVERY_S)
        try:
            await anyio.to_thread.run_sync(host.keep)
        except StepwellError as error:
            if str(error) != reported:
                click.echo(f"The state has no owner: {error}", err=True)
            reported = str(error)
        else:
            reported = None
