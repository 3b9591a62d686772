"""`stepwell workflows instances`: see and steer single instances."""

from __future__ import annotations

import json
from datetime import datetime  # noqa: TC003 - a parameter of commands
from typing import TYPE_CHECKING

import click
from pydantic_core import to_jsonable_python

from stepwell import exit_codes
from stepwell.exceptions import InputError
from stepwell.lazy_group import LazyGroup
from stepwell.names import LATEST, check_event_type
from stepwell.options import PATH, json_option, print_json, resolve_id, state_option
from stepwell.params import parse_json, read_json_file
from stepwell.statuses import LISTED_STATUSES
from stepwell.workflows import connect, say_when_it_runs

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stepwell.responses import InstancePage

STEP_TYPES = ["do", "sleep", "waitForEvent"]
MAX_DELETED = 100
MOMENT = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"])


@click.group(cls=LazyGroup, epilog=exit_codes.HELP, short_help="See and steer single instances.")
def instances() -> None:
    """See and steer the instances of a workflow. `latest` stands for the newest one."""


@instances.command("list")
@click.argument("name")
@click.option("--status", type=click.Choice(LISTED_STATUSES), help="Only those with this status.")
@click.option("--reverse", is_flag=True, help="Oldest first.")
@click.option("--date-start", type=MOMENT, help="Only those made at or after this time.")
@click.option("--date-end", type=MOMENT, help="Only those made at or before this time.")
@click.option("--page", type=click.IntRange(1), default=1, show_default=True)
@click.option("--per-page", type=click.IntRange(1, 100), default=25, show_default=True)
@state_option
@json_option
def list_(  # noqa: PLR0913 - one for each option
    *,
    name: str,
    status: str | None,
    reverse: bool,
    date_start: datetime | None,
    date_end: datetime | None,
    page: int,
    per_page: int,
    state: Path | None,
    as_json: bool,
) -> None:
    """List the instances of the workflow NAME, newest first."""
    with connect(state) as connection:
        found = connection.client.instances(
            name,
            page=page,
            per_page=per_page,
            status=status,
            direction="asc" if reverse else "desc",
            date_start=date_start and date_start.astimezone().isoformat(),
            date_end=date_end and date_end.astimezone().isoformat(),
        )
    if as_json:
        print_json(to_jsonable_python(found.instances))
    else:
        show_page(name, found)


def show_page(name: str, page: InstancePage) -> None:
    """Print a page of instances, and which one it is."""
    if not page.instances:
        click.echo(f"There are no such instances of workflow {name!r}.", err=True)
        return
    from stepwell.tables import instance_rows, print_table  # noqa: PLC0415 - rich takes its time

    print_table(*instance_rows(page.instances))
    info = page.result_info
    if info is not None and info.total_count > info.count:
        click.echo(f"Page {info.page} of {info.total_pages}, {info.total_count} instances.", err=True)


@instances.command()
@click.argument("name")
@click.argument("instance_id", metavar="[ID|latest]", default=LATEST)
@click.option("--step-output/--no-step-output", default=True, show_default=True, help="Show what steps returned.")
@click.option("--truncate-output-limit", type=click.IntRange(0), default=5000, show_default=True, help="In characters.")
@state_option
@json_option
def describe(  # noqa: PLR0913 - one for each option
    *,
    name: str,
    instance_id: str,
    step_output: bool,
    truncate_output_limit: int,
    state: Path | None,
    as_json: bool,
) -> None:
    """Show an instance of the workflow NAME with its steps."""
    with connect(state) as connection:
        instance_id = resolve_id(connection.client, name, instance_id)
        if as_json:
            print_json(connection.client.raw_instance(name, instance_id))
            return
        detail = connection.client.instance(name, instance_id)
    from stepwell.description import print_instance  # noqa: PLC0415 - rich takes its time

    print_instance(name, instance_id, detail, output_limit=truncate_output_limit if step_output else None)


PAUSED = frozenset({"paused", "waitingForPause"})
HAS_EFFECT: dict[str, Callable[[str, str], bool]] = {
    "pause": lambda _before, after: after in PAUSED,
    "resume": lambda before, _after: before in PAUSED,
}
"""Whether a change of status has had an effect, by the statuses before and after it. Others are refused if not."""


def change(  # noqa: PLR0913 - what the four commands differ in, and what they share
    name: str, instance_id: str, request: dict[str, object], said: str, *, state: Path | None, as_json: bool
) -> None:
    """Ask for a change of status, and say what came of it; exit 1 if it has no effect."""
    with connect(state) as connection:
        instance_id = resolve_id(connection.client, name, instance_id)
        before = connection.client.status_of(name, instance_id).status
        changed = connection.client.change_status(name, instance_id, request)
        runs = connection.owner is not None
    check = HAS_EFFECT.get(str(request["status"]))
    has_effect = check is None or check(before, changed.status)
    if as_json:
        print_json({"id": instance_id, **changed.model_dump(mode="json")})
    elif has_effect:
        click.echo(f"{said} of instance {instance_id!r} of {name} asked for; it is now {changed.status}.")
    if not has_effect:
        click.echo(f"Error: {said} has no effect: instance {instance_id!r} of {name} is {changed.status}.", err=True)
        raise SystemExit(exit_codes.ERRORED)
    if changed.status == "queued" and not runs and not as_json:
        say_when_it_runs()


@instances.command()
@click.argument("name")
@click.argument("instance_id", metavar="ID|latest")
@state_option
@json_option
def pause(*, name: str, instance_id: str, state: Path | None, as_json: bool) -> None:
    """Pause an instance once its running steps have ended."""
    change(name, instance_id, {"status": "pause"}, "⏸️ Pause", state=state, as_json=as_json)


@instances.command()
@click.argument("name")
@click.argument("instance_id", metavar="ID|latest")
@state_option
@json_option
def resume(*, name: str, instance_id: str, state: Path | None, as_json: bool) -> None:
    """Let a paused instance go on."""
    change(name, instance_id, {"status": "resume"}, "▶ Resume", state=state, as_json=as_json)


@instances.command()
@click.argument("name")
@click.argument("instance_id", metavar="ID|latest")
@click.option("--rollback", is_flag=True, help="Run the rollbacks of its steps first.")
@state_option
@json_option
def terminate(*, name: str, instance_id: str, rollback: bool, state: Path | None, as_json: bool) -> None:
    """End an instance for good."""
    request: dict[str, object] = {"status": "terminate"}
    if rollback:
        request["rollback"] = True
    change(name, instance_id, request, "🚫 Termination", state=state, as_json=as_json)


@instances.command()
@click.argument("name")
@click.argument("instance_id", metavar="ID|latest")
@click.option("--from-step-name", metavar="STEP", help="Keep what was done before this step.")
@click.option("--from-step-count", type=click.IntRange(1), help="Which of the steps of that name. Default: 1.")
@click.option("--from-step-type", type=click.Choice(STEP_TYPES), help="Its type. Default: do.")
@state_option
@json_option
def restart(  # noqa: PLR0913 - one for each option
    *,
    name: str,
    instance_id: str,
    from_step_name: str | None,
    from_step_count: int | None,
    from_step_type: str | None,
    state: Path | None,
    as_json: bool,
) -> None:
    """Run an instance again, from its beginning or from a step."""
    request: dict[str, object] = {"status": "restart"}
    if from_step_name is not None:
        step = {"name": from_step_name, "count": from_step_count, "type": from_step_type}
        request["from"] = {key: value for key, value in step.items() if value is not None}
    elif from_step_count is not None or from_step_type is not None:
        raise InputError("--from-step-count and --from-step-type need --from-step-name.")
    change(name, instance_id, request, "🔄 Restart", state=state, as_json=as_json)


@instances.command("send-event")
@click.argument("name")
@click.argument("instance_id", metavar="ID|latest")
@click.option("--type", "event_type", metavar="TYPE", required=True, help="The event's type.")
@click.option("--payload", metavar="JSON", default="{}", show_default=True, help="The event's payload.")
@state_option
@json_option
def send_event(  # noqa: PLR0913 - one for each option
    *, name: str, instance_id: str, event_type: str, payload: str, state: Path | None, as_json: bool
) -> None:
    """Send an event to an instance. One that is not waited for yet is kept for it."""
    check_event_type(event_type)
    value = parse_json(payload, "--payload")
    with connect(state) as connection:
        instance_id = resolve_id(connection.client, name, instance_id)
        sent = connection.client.send_event(name, instance_id, event_type, value)
    if as_json:
        print_json(sent.model_dump(mode="json"))
    else:
        click.echo(f"📩 Sent event {event_type!r} to instance {instance_id!r} of {name}.")


@instances.command()
@click.argument("name")
@click.argument("instance_ids", metavar="[ID|latest]...", nargs=-1)
@click.option("--filename", metavar="FILE", type=PATH, help="A file with a JSON array of ids.")
@state_option
@json_option
def delete(
    *, name: str, instance_ids: tuple[str, ...], filename: Path | None, state: Path | None, as_json: bool
) -> None:
    """Delete instances with all that is known of them, also while they run."""
    ids = [*instance_ids, *(read_ids(filename) if filename else ())]
    if not ids:
        raise InputError("No instance to delete is named: give ids, or --filename.")
    if len(ids) > MAX_DELETED:
        raise InputError(f"{len(ids)} instances are named; at most {MAX_DELETED} can be deleted at a time.")
    with connect(state) as connection:
        latest = resolve_id(connection.client, name, LATEST) if LATEST in ids else LATEST
        done = connection.client.delete(name, [latest if id_ == LATEST else id_ for id_ in ids])
    if as_json:
        print_json(done.model_dump(mode="json"))
    else:
        for instance in done.deleted:
            click.echo(f"🗑️ Deleted instance {instance.id!r} of {name}.")
        for failure in done.errors:
            click.echo(f"Error: {failure.id!r}: {failure.message}", err=True)
    if done.errors:
        raise SystemExit(exit_codes.ERRORED)


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
