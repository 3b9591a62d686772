"""`stepwell logs`, `stepwell workflows instances watch`: what an instance prints, and what happens to it."""

from __future__ import annotations

import contextlib
import sys
import time
from typing import TYPE_CHECKING

import click

from stepwell import exit_codes
from stepwell.client import ALL_WORKFLOWS
from stepwell.exceptions import InputError
from stepwell.formatting import moment, step_title
from stepwell.names import LATEST
from stepwell.options import print_json_line
from stepwell.responses import Event
from stepwell.server_options import ServerChoice, resolve_id, server_options
from stepwell.statuses import FINAL_STATUSES
from stepwell.suggestions import did_you_mean
from stepwell.timeline import STATUS_OF_EVENT

if TYPE_CHECKING:
    from stepwell.client import Client
    from stepwell.progress import Progress


@click.command(epilog=exit_codes.HELP, short_help="Show what an instance printed.")
@click.argument("instance_id", metavar="INSTANCE")
@click.option("--workflow", metavar="NAME", help="Its workflow, where several have an instance of this id.")
@click.option("--follow", "-f", is_flag=True, help="Stay, and show what comes, until the instance ends.")
@server_options
def logs(*, instance_id: str, workflow: str | None, follow: bool, server: ServerChoice, as_json: bool) -> None:
    """Show what the code of INSTANCE printed and logged. `latest` is the newest of all instances."""
    with server.connect(workflow, instance_id) as connection:
        name, found = find_instance(connection.client, instance_id, workflow)
        _show_logs(connection.client, name, found, follow=follow, as_json=as_json)


@click.command("logs")
@click.argument("name")
@click.argument("instance_id", metavar="ID|latest")
@click.option("--follow", "-f", is_flag=True, help="Stay, and show what comes, until the instance ends.")
@server_options
def instance_logs(*, name: str, instance_id: str, follow: bool, server: ServerChoice, as_json: bool) -> None:
    """Show what the code of an instance printed and logged."""
    with server.connect(name, instance_id) as connection:
        found = resolve_id(connection.client, name, instance_id)
        _show_logs(connection.client, name, found, follow=follow, as_json=as_json)


@click.command(short_help="Follow an instance until it ends.")
@click.argument("name")
@click.argument("instance_id", metavar="ID|latest")
@server_options
def watch(*, name: str, instance_id: str, server: ServerChoice, as_json: bool) -> None:
    """Show what happens to an instance until it ends; with --json its events, one a line."""
    with server.connect(name, instance_id) as connection:
        found = resolve_id(connection.client, name, instance_id)
        try:
            last = _print_events(connection.client, name, found) if as_json else _follow(connection.client, name, found)
        except KeyboardInterrupt:
            raise SystemExit(exit_codes.INTERRUPTED) from None
    if last is None or last.type != "workflow_completed":
        if last is not None and last.error is not None:
            click.echo(f"Instance {found!r} of {name} errored: {last.error}", err=True)
        raise SystemExit(exit_codes.ERRORED)


def find_instance(client: Client, instance_id: str, workflow: str | None) -> tuple[str, str]:
    """
    The workflow and the id of an instance.

    Raises:
        InputError: It does not exist, or several workflows have one of this id.
    """
    if workflow is not None:
        return workflow, resolve_id(client, workflow, instance_id)
    if instance_id == LATEST:
        newest = client.instances(ALL_WORKFLOWS, per_page=1).instances
        if not newest:
            raise InputError("There are no instances.")
        return newest[0].workflow_id, newest[0].id
    like = client.instances(ALL_WORKFLOWS, search=instance_id, per_page=100).instances
    names = [each.workflow_id for each in like if each.id == instance_id]
    if len(names) > 1:
        raise InputError(
            f"Several workflows have an instance {instance_id!r}: {', '.join(names)}. Choose by --workflow."
        )
    if not names:
        known = [each.id for each in client.instances(ALL_WORKFLOWS, per_page=100).instances]
        raise InputError(f"There is no instance {instance_id!r}.{did_you_mean(instance_id, known)}")
    return names[0], instance_id


def _show_logs(client: Client, name: str, instance_id: str, *, follow: bool, as_json: bool) -> None:
    if not follow:
        for line in client.raw_instance(name, instance_id)["logs"]:
            if as_json:
                print_json_line(line)
            else:
                _print_line(line["timestamp"], line["step"], line["level"], line["text"])
        return
    with contextlib.suppress(KeyboardInterrupt):
        for event in client.subscribe(name, instance_id):
            if event.type != "log":
                continue
            if as_json:
                print_json_line(
                    {"timestamp": event.timestamp, "step": event.step_name, "level": event.level, "text": event.text}
                )
            else:
                _print_line(event.timestamp, event.step_name, event.level or "info", event.text or "")


def _print_line(timestamp: float | str, step: str | None, level: str, text: str) -> None:
    from datetime import datetime  # noqa: PLC0415 - only for people

    when = datetime.fromisoformat(timestamp) if isinstance(timestamp, str) else timestamp
    where = f" {step_title(step)}" if step else ""
    mark = "" if level in {"info", "log", "stdout"} else f" {level}"
    for line in text.splitlines() or [""]:
        click.echo(f"{moment(when, with_ms=True)}{where}{mark} | {line}")


def _print_events(client: Client, name: str, instance_id: str) -> Event | None:
    """Print every event; the one that ends the instance is returned."""
    last = None
    for line in client.subscribe(name, instance_id).lines():
        click.echo(line.decode().rstrip("\n"))
        event = Event.model_validate_json(line)
        last = event if STATUS_OF_EVENT.get(event.type) in FINAL_STATUSES else last
    return last


def _follow(client: Client, name: str, instance_id: str) -> Event | None:
    from stepwell.follow import Follower  # noqa: PLC0415 - it takes its time

    progress = _progress(name, instance_id)
    try:
        follower = Follower(name, instance_id, progress)
        follower.follow(client)
        return follower.last
    finally:
        progress.close()


def _progress(name: str, instance_id: str) -> Progress:
    from stepwell.progress import PlainProgress, Subject  # noqa: PLC0415

    subject = Subject(name, instance_id)
    since = time.time() * 1000
    if not sys.stderr.isatty():
        return PlainProgress(sys.stderr, subject, since)
    from stepwell.console import open_console  # noqa: PLC0415 - only for a terminal
    from stepwell.live import LiveProgress  # noqa: PLC0415

    return LiveProgress(open_console(is_error=True), subject, since)
