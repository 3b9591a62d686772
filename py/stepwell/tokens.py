"""`stepwell tokens`, `stepwell audit`: who may use the HTTP interface, and who has changed what."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import click

from stepwell import exit_codes
from stepwell.exceptions import InputError
from stepwell.formatting import moment, to_json
from stepwell.host_connector import open_host
from stepwell.http_connection import DEFAULT_ACCOUNT
from stepwell.options import json_option, print_json, state_option
from stepwell.state import state_path

if TYPE_CHECKING:
    from pathlib import Path

    from stepwell.models import Token

SCOPES = ["read", "write", "admin"]
_SECONDS = {"m": 60, "h": 3_600, "d": 86_400}


@click.group(epilog=exit_codes.SHORT_HELP, short_help="Create, list and revoke API tokens.")
def tokens() -> None:
    """Create, list and revoke tokens of the HTTP interface. Listeners off loopback require one."""


@tokens.command()
@click.argument("name")
@click.option("--scope", type=click.Choice(SCOPES), default="write", show_default=True, help="What it allows.")
@click.option("--account", default=DEFAULT_ACCOUNT, show_default=True, help="The account that it is for.")
@click.option("--expires", metavar="TIME", help="After how long it ends: 90d, 12h, 30m. Default: never.")
@state_option
@json_option
def create(  # noqa: PLR0913 - one for each option
    *, name: str, scope: str, account: str, expires: str | None, state: Path | None, as_json: bool
) -> None:
    """
    Create a token called NAME, and print its secret.

    The secret is shown this once: the state has only its hash. read: look at everything. write: create and change
    instances too. admin: change and delete workflows too.
    """
    request: dict[str, object] = {"name": name, "scope": scope, "account": account}
    if expires is not None:
        request["expires_on"] = _expiry(expires)
    with open_host(state_path(state, create=True), idle=True) as connection:
        made = connection.client.create_token(request)
    if as_json:
        print_json(made.model_dump(mode="json"))
        return
    click.echo(
        f"Token {made.id} ({made.name}, {made.scope}, account {made.account}). Its secret, shown only now:", err=True
    )
    click.echo(made.secret)


@tokens.command("list")
@state_option
@json_option
def list_(*, state: Path | None, as_json: bool) -> None:
    """List the tokens, those that are revoked included."""
    with open_host(state_path(state, create=False), idle=True) as connection:
        found = connection.client.tokens()
    if as_json:
        print_json([token.model_dump(mode="json", exclude={"secret"}) for token in found])
    elif not found:
        click.echo("There are no tokens. Create one with: stepwell tokens create NAME", err=True)
    else:
        from stepwell.tables import print_table  # noqa: PLC0415 - rich takes its time

        print_table(
            ["Token", "Name", "Scope", "Account", "Created", "Expires", "Revoked"],
            [_row(token) for token in found],
        )


def _row(token: Token) -> list[str]:
    times = [moment(token.created_on), moment(token.expires_on), moment(token.revoked_on)]
    return [token.id, token.name, token.scope, token.account, *times]


@tokens.command()
@click.argument("token_id", metavar="TOKEN")
@state_option
@json_option
def revoke(*, token_id: str, state: Path | None, as_json: bool) -> None:
    """Revoke the token whose id is TOKEN, as `tokens list` shows it. It is refused from now on."""
    with open_host(state_path(state, create=False), idle=True) as connection:
        revoked = connection.client.revoke_token(token_id)
    if as_json:
        print_json(revoked.model_dump(mode="json", exclude={"secret"}))
    else:
        click.echo(f"Token {revoked.id} ({revoked.name}) is revoked.")


@click.command(epilog=exit_codes.SHORT_HELP, short_help="Show who changed what.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="How many entries.")
@state_option
@json_option
def audit(*, limit: int, state: Path | None, as_json: bool) -> None:
    """Show who terminated, restarted, paused or deleted what, the newest first."""
    with open_host(state_path(state, create=False), idle=True) as connection:
        entries = connection.client.audit(limit)
    if as_json:
        print_json([entry.model_dump(mode="json") for entry in entries])
    elif not entries:
        click.echo("Nothing has been changed by hand yet.", err=True)
    else:
        from stepwell.tables import print_table  # noqa: PLC0415 - rich takes its time

        print_table(
            ["Time", "Who", "Action", "Workflow", "Instance", "Outcome", "Detail"],
            [
                [
                    moment(entry.at),
                    entry.actor,
                    entry.action,
                    entry.workflow or "-",
                    entry.instance or "-",
                    entry.outcome or "not known",
                    to_json(entry.detail) if entry.detail else "-",
                ]
                for entry in entries
            ],
        )


def _expiry(text: str) -> int:
    """When a token that lasts *text* ends, in ms since 1970."""
    match = re.fullmatch(r"(\d{1,6})([mhd])", text)
    if match is None or int(match[1]) == 0:
        raise InputError(f"--expires is {text!r}; it must be a length of time such as 90d, 12h or 30m.")
    return round((time.time() + int(match[1]) * _SECONDS[match[2]]) * 1000)
