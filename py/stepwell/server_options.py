"""Whose workflows a command is about: a state on this machine, or a server in the network."""

from __future__ import annotations

import contextlib
import functools
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

from stepwell.exceptions import ApiError, InputError
from stepwell.formatting import style
from stepwell.host_connector import Connection, open_host
from stepwell.http_connection import DEFAULT_ACCOUNT, RemoteEndpoint
from stepwell.names import LATEST
from stepwell.options import STATE, STATE_HELP, json_option
from stepwell.state import state_path
from stepwell.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from stepwell.client import Client

URL_VARIABLE = "STEPWELL_URL"
TOKEN_VARIABLE = "STEPWELL_TOKEN"  # noqa: S105 - its name
SUGGESTED_FROM = 100
"""Instances whose ids are compared with one that does not exist."""

F = TypeVar("F", bound="Callable[..., Any]")


@dataclass(frozen=True, slots=True)
class ServerChoice:
    """What the options say."""

    state: Path | None = None
    url: str | None = None
    token: str | None = None
    account: str = DEFAULT_ACCOUNT
    timeout_s: float | None = None

    @contextlib.contextmanager
    def connect(self, workflow: str | None = None, instance_id: str | None = None) -> Iterator[Connection]:
        """
        Connect to the server, or to the owner of the state; if it has none, a host is started that runs nothing.

        Refusals name what there is besides *workflow* and *instance_id*, if these do not exist.
        """
        with self._open() as connection:
            try:
                yield connection
            except ApiError as error:
                raise explained(error, connection.client, workflow, instance_id) from error

    def _open(self) -> Connection:
        from stepwell.client import Client  # noqa: PLC0415 - imported while Node starts

        if self.url is not None:
            if self.state is not None:
                raise InputError("--state and --url are both given; give one of them.")
            endpoint = RemoteEndpoint(self.url, self.token, self.account, self.timeout_s)
            return Connection(Client(endpoint), address=None, process=None, owner=None, is_remote=True)
        connection = open_host(state_path(self.state, create=False), idle=True)
        connection.client = connection.client.of_account(self.account, self.timeout_s)
        return connection


def server_options(command: F) -> F:
    """Add `--state`, `--url` and what belongs to them, `--json`, `--utc`, `--no-emoji`; the command gets `server`."""

    @json_option
    @click.option("--state", metavar="PATH", type=STATE, help=STATE_HELP)
    @click.option("--url", metavar="URL", help=f"A server, in place of a state. Default: {URL_VARIABLE}.")
    @click.option("--token", metavar="SECRET", help=f"The secret of a token of the server. Default: {TOKEN_VARIABLE}.")
    @click.option("--account", default=DEFAULT_ACCOUNT, show_default=True, help="The account of the workflows.")
    @click.option(
        "--timeout",
        type=click.FloatRange(0, min_open=True),
        metavar="S",
        help="How many seconds to wait for an answer.",
    )
    @click.option("--utc", is_flag=True, help="Show times in UTC.")
    @click.option("--no-emoji", is_flag=True, help="Show no emoji.")
    @functools.wraps(command)
    def with_server(  # noqa: PLR0913 - one for each option
        *,
        state: Path | None,
        url: str | None,
        token: str | None,
        account: str,
        timeout: float | None,
        utc: bool,
        no_emoji: bool,
        **others: Any,  # noqa: ANN401 - the command's own
    ) -> Any:  # noqa: ANN401 - likewise
        style.utc = utc
        style.emoji = not no_emoji
        if url is None and state is None:
            url = os.environ.get(URL_VARIABLE) or None
        secret = token or os.environ.get(TOKEN_VARIABLE) or None
        return command(server=ServerChoice(state, url, secret, account, timeout), **others)

    return with_server  # type: ignore[return-value]


def explained(error: ApiError, client: Client, workflow: str | None, instance_id: str | None) -> InputError:
    """*error*, with what there is instead of a workflow or an instance that does not exist."""
    if error.reason == "workflow.not_found" and workflow is not None:
        names = [each.name for each in client.workflows(per_page=SUGGESTED_FROM)]
        if workflow in names:
            return InputError(f"Workflow {workflow!r} did not exist yet and does now: give the command again.")
        known = f" There are: {', '.join(names)}." if names else " There are no workflows yet."
        return InputError(f"Workflow {workflow!r} does not exist.{did_you_mean(workflow, names) or known}")
    if error.reason == "instance.not_found" and workflow is not None and instance_id is not None:
        ids = [each.id for each in client.instances(workflow, per_page=SUGGESTED_FROM).instances]
        if instance_id in ids:
            return InputError(f"Instance {instance_id!r} did not exist yet and does now: give the command again.")
        hint = did_you_mean(instance_id, ids)
        return InputError(f"Workflow {workflow!r} has no instance {instance_id!r}.{hint}")
    return error


def resolve_id(client: Client, workflow: str, instance_id: str) -> str:
    """
    The id that *instance_id* stands for: itself, or the newest instance's.

    Raises:
        InputError: The newest is asked for, and the workflow has no instances.
    """
    if instance_id != LATEST:
        return instance_id
    newest = client.instances(workflow, page=1, per_page=1).instances
    if not newest:
        raise InputError(f"Workflow {workflow!r} has no instances.")
    return newest[0].id
