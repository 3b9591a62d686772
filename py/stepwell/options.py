"""Options and arguments that several commands have."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from stepwell.formatting import to_json
from stepwell.ledger_address import anchor_of
from stepwell.state import is_ledger_address

if TYPE_CHECKING:
    from collections.abc import Callable

PATH = click.Path(path_type=Path)


class StatePath(click.Path):
    """The path of a state; of an address of PostgreSQL, that of its anchor. Other addresses would become folders."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ANN401 - click's
        """Make a path of *value*, unless it is an unknown address."""
        given = os.fsdecode(value)
        return anchor_of(given) if is_ledger_address(given) else super().convert(value, param, ctx)


STATE = StatePath()
STATE_HELP = "The state: a file, or postgres://… Default: .stepwell/state.sqlite."

F = TypeVar("F", bound="Callable[..., Any]")


def state_option(command: F) -> F:
    """Add `--state`."""
    return click.option("--state", metavar="PATH", type=STATE, help=STATE_HELP)(command)


def json_option(command: F) -> F:
    """Add `--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")(command)


def environment_option(command: F) -> F:
    """Add `--env`."""
    return click.option(
        "--env",
        "environment",
        metavar="NAME",
        help="The environment of the wrangler configuration. Default: CLOUDFLARE_ENV, else its top level.",
    )(command)


def force_replay_option(command: F) -> F:
    """Add `--force-replay`."""
    return click.option(
        "--force-replay",
        is_flag=True,
        help="Replay an instance after each step, wait and sleep: finds code that is not deterministic.",
    )(command)


def print_json_line(value: object) -> None:
    """Print *value* on a line of stdout."""
    click.echo(to_json(value))


def print_json(value: object) -> None:
    """Print *value* on stdout."""
    click.echo(to_json(value, indent=2))
