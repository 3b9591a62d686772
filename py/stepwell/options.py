"""Options and arguments that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from stepwell.exceptions import InputError
from stepwell.formatting import to_json
from stepwell.names import LATEST

if TYPE_CHECKING:
    from collections.abc import Callable

    from stepwell.client import Client

PATH = click.Path(path_type=Path)

F = TypeVar("F", bound="Callable[..., Any]")


def state_option(command: F) -> F:
    """Add `--state`."""
    return click.option("--state", metavar="PATH", type=PATH, help="The state. Default: .stepwell/state.sqlite.")(
        command
    )


def json_option(command: F) -> F:
    """Add `--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")(command)


def force_replay_option(command: F) -> F:
    """Add `--force-replay`."""
    return click.option(
        "--force-replay",
        is_flag=True,
        help="Replay an instance after each step, wait and sleep: finds code that is not deterministic.",
    )(command)


def resolve_id(client: Client, workflow: str, instance_id: str) -> str:
    """
    The id that *instance_id* stands for: itself, or the newest instance's.

    Raises:
        InputError: The newest is asked for, and there is none.
    """
    if instance_id != LATEST:
        return instance_id
    newest = client.instances(workflow, page=1, per_page=1).instances
    if not newest:
        raise InputError(f"Workflow {workflow!r} has no instances.")
    return newest[0].id


def print_json(value: object) -> None:
    """Print *value* on stdout."""
    click.echo(to_json(value, indent=2))
