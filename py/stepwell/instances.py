"""`stepwell workflows instances`: list, inspect and delete instances; `instance_commands.py` has what changes one."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click
from pydantic_core import to_jsonable_python

from stepwell import exit_codes
from stepwell.client import ALL_WORKFLOWS
from stepwell.exceptions import InputError
from stepwell.formatting import plain
from stepwell.lazy_group import LazyGroup
from stepwell.names import LATEST
from stepwell.options import PATH, print_json, print_json_line
from stepwell.params import read_json_file
from stepwell.server_options import ServerChoice, resolve_id, server_options
from stepwell.statuses import LISTED_STATUSES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stepwell.client import Client
    from stepwell.responses import InstancePage, InstanceSummary

MAX_DELETED = 100
LINES_PER_REQUEST = 100
DATE = "%Y-%m-%d"
MOMENT_FORMATS = [DATE, "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S.%f%z"]
COMMANDS = "stepwell.instance_commands"


class Moment(click.DateTime):
    """A time; one without a zone is local, and a date alone is a whole day."""

    def __init__(self, *, is_end: bool) -> None:
        super().__init__(MOMENT_FORMATS)
        self._is_end = is_end

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The time in UTC."""
        found = super().convert(value, param, ctx)
        assert isinstance(found, datetime)  # noqa: S101 - as click gives it
        if self._is_end and isinstance(value, str) and len(value) == len("2026-01-31"):
            found += timedelta(days=1) - timedelta(milliseconds=1)
        return found.astimezone(UTC)


@click.group(
    cls=LazyGroup,
    commands_at={
        "watch": "stepwell.logs:watch",
        "logs": "stepwell.logs:instance_logs",
        "step": f"{COMMANDS}:step",
        "send-event": f"{COMMANDS}:send_event",
        "pause": f"{COMMANDS}:pause",
        "resume": f"{COMMANDS}:resume",
        "skip-sleep": f"{COMMANDS}:skip_sleep",
        "restart": f"{COMMANDS}:restart",
        "terminate": f"{COMMANDS}:terminate",
        "terminate-all": f"{COMMANDS}:terminate_all",
    },
    epilog=exit_codes.HELP,
    short_help="List, inspect and control instances.",
)
def instances() -> None:
    """List, inspect and control the instances of a workflow. `latest` stands for the newest one."""


@instances.command("list", short_help="List instances, newest first.")
@click.argument("name", required=False)
@click.option("--status", type=click.Choice(LISTED_STATUSES), help="Only those with this status.")
@click.option("--search", metavar="TEXT", help="Only those with this in their ids.")
@click.option("--reverse", is_flag=True, help="Oldest first.")
@click.option("--date-start", type=Moment(is_end=False), help="Only those made at or after this time.")
@click.option("--date-end", type=Moment(is_end=True), help="Only those made at or before this time.")
@click.option("--page", type=click.IntRange(1), default=1, show_default=True)
@click.option("--per-page", type=click.IntRange(1, 100), default=25, show_default=True)
@click.option("--jsonl", is_flag=True, help="Print all of them, a JSON document a line.")
@server_options
def list_(  # noqa: PLR0913 - one for each option
    *,
    name: str | None,
    status: str | None,
    search: str | None,
    reverse: bool,
    date_start: datetime | None,
    date_end: datetime | None,
    page: int,
    per_page: int,
    jsonl: bool,
    server: ServerChoice,
    as_json: bool,
) -> None:
    """List the instances of the workflow NAME, or of all workflows, newest first."""
    query: dict[str, object] = {
        "status": status,
        "search": search,
        "direction": "asc" if reverse else "desc",
        "date_start": date_start and date_start.isoformat(),
        "date_end": date_end and date_end.isoformat(),
    }
    with server.connect(name) as connection:
        if jsonl:
            for instance in every_instance(connection.client, name or ALL_WORKFLOWS, query):
                print_json_line(to_jsonable_python(instance))
            return
        found = connection.client.instances(name or ALL_WORKFLOWS, page=page, per_page=per_page, **query)
    if as_json:
        print_json(to_jsonable_python(found.instances))
    else:
        show_page(name, found)


def every_instance(client: Client, name: str, query: dict[str, object]) -> Iterator[InstanceSummary]:
    """The instances of all pages."""
    cursor: str | None = None
    while True:
        found = client.instances(name, per_page=LINES_PER_REQUEST, cursor=cursor, **query)
        yield from found.instances
        cursor = found.result_info.cursor if found.result_info else None
        if cursor is None:
            return


def show_page(name: str | None, page: InstancePage) -> None:
    """Print a page of instances, and which one it is."""
    if not page.instances:
        whose = "" if name is None else f" of workflow {name!r}"
        click.echo(f"There are no such instances{whose}.", err=True)
        return
    from stepwell.tables import print_instances  # noqa: PLC0415 - rich takes its time

    print_instances(page.instances, with_workflow=name is None)
    info = page.result_info
    if info is not None and info.total_count > info.count:
        click.echo(f"Page {info.page} of {info.total_pages}, {info.total_count} instances.", err=True)


@instances.command(short_help="Show an instance with its steps.")
@click.argument("name")
@click.argument("instance_id", metavar="[ID|latest]", default=LATEST)
@click.option("--step-output/--no-step-output", default=True, show_default=True, help="Show what steps returned.")
@click.option("--truncate-output-limit", type=click.IntRange(0), default=5000, show_default=True, help="In characters.")
@click.option("--logs/--no-logs", default=True, show_default=True, help="Show what the code printed.")
@server_options
def describe(  # noqa: PLR0913 - one for each option
    *,
    name: str,
    instance_id: str,
    step_output: bool,
    truncate_output_limit: int,
    logs: bool,
    server: ServerChoice,
    as_json: bool,
) -> None:
    """Show an instance of the workflow NAME: params, result, and its steps as a tree, with what they printed."""
    with server.connect(name, instance_id) as connection:
        instance_id = resolve_id(connection.client, name, instance_id)
        if as_json:
            print_json({"id": instance_id, **connection.client.raw_instance(name, instance_id)})
            return
        detail = connection.client.instance(name, instance_id)
    from stepwell.description import print_instance  # noqa: PLC0415 - rich takes its time

    limit = truncate_output_limit if step_output else None
    print_instance(name, instance_id, detail, output_limit=limit, with_logs=logs)


@instances.command(short_help="Delete instances with their data.")
@click.argument("name")
@click.argument("instance_ids", metavar="[ID|latest]...", nargs=-1)
@click.option("--filename", metavar="FILE", type=PATH, help="A file with a JSON array of ids.")
@server_options
def delete(
    *, name: str, instance_ids: tuple[str, ...], filename: Path | None, server: ServerChoice, as_json: bool
) -> None:
    """Delete instances with all their data, also while they run."""
    ids = [*instance_ids, *(read_ids(filename) if filename else ())]
    if not ids:
        raise InputError("No instance to delete is named: give ids, or --filename.")
    if len(ids) > MAX_DELETED:
        raise InputError(f"{len(ids)} instances are named; at most {MAX_DELETED} can be deleted at a time.")
    with server.connect(name) as connection:
        latest = resolve_id(connection.client, name, LATEST) if LATEST in ids else LATEST
        done = connection.client.delete(name, [latest if id_ == LATEST else id_ for id_ in ids])
    if as_json:
        print_json(done.model_dump(mode="json"))
    else:
        for instance in done.deleted:
            click.echo(plain(f"🗑️ Deleted instance {instance.id!r} of {name}."))
        for failure in done.errors:
            click.echo(f"Error: {failure.id!r}: {_reason(failure.message)}", err=True)
    if done.errors:
        raise SystemExit(exit_codes.ERRORED)


def _reason(message: str) -> str:
    """What a failure of a batch is for people, who need no code."""
    return {"workflows.api.error.instance.not_found": "there is no such instance"}.get(message, message)


def read_ids(path: Path) -> list[str]:
    """
    The ids in the file at *path*.

    Raises:
        InputError: It is not a JSON array of texts.
    """
    ids = read_json_file(path, "--filename")
    if not isinstance(ids, list) or not all(isinstance(id_, str) for id_ in ids):
        raise InputError(f"--filename {str(path)!r} must have a JSON array of ids, such as {json.dumps(['a', 'b'])}.")
    return ids
