"""`stepwell workflows`: what the state holds, and instances made without a run."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import click
from pydantic_core import to_jsonable_python

from stepwell import exit_codes
from stepwell.formatting import STATUS_SIGNS, moment
from stepwell.host_connector import Connection, open_host
from stepwell.lazy_group import LazyGroup
from stepwell.names import check_instance_id
from stepwell.options import json_option, print_json, state_option
from stepwell.params import parse_json
from stepwell.state import state_path

if TYPE_CHECKING:
    from pathlib import Path

    from stepwell.models import WorkflowSummary

LATEST_SHOWN = 5


def connect(state: Path | None) -> Connection:
    """Connect to the owner of the state, or look into it ourselves; nothing is run by that."""
    return open_host(state_path(state, create=False), idle=True)


@click.group(
    cls=LazyGroup,
    commands_at={"instances": "stepwell.instances:instances"},
    epilog=exit_codes.HELP,
    short_help="See and steer workflows and instances.",
)
def workflows() -> None:
    """See and steer workflows and their instances, while a run owns the state or nobody does."""


@workflows.command("list")
@state_option
@json_option
def list_(*, state: Path | None, as_json: bool) -> None:
    """List the workflows of the state."""
    with connect(state) as connection:
        found = connection.client.workflows()
    if as_json:
        print_json([workflow.model_dump(mode="json") for workflow in found])
    elif not found:
        click.echo("There are no workflows in this state yet.", err=True)
    else:
        from stepwell.tables import print_table  # noqa: PLC0415 - rich takes its time

        print_table(
            ["Name", "Script name", "Class name", "Created", "Modified", "Instances"],
            [
                [
                    workflow.name,
                    workflow.script_name,
                    workflow.class_name,
                    moment(workflow.created_on),
                    moment(workflow.modified_on),
                    str(sum(workflow.instances.values())),
                ]
                for workflow in found
            ],
        )


@workflows.command()
@click.argument("name")
@state_option
@json_option
def describe(*, name: str, state: Path | None, as_json: bool) -> None:
    """Show the workflow NAME and its latest instances."""
    with connect(state) as connection:
        workflow = connection.client.workflow(name)
        latest = connection.client.instances(name, page=1, per_page=LATEST_SHOWN).instances
    if as_json:
        described = workflow.model_dump(mode="json")
        print_json({**described, "latest_instances": to_jsonable_python(latest)})
        return
    from stepwell.tables import instance_rows, print_pairs, print_table  # noqa: PLC0415

    print_pairs(workflow_pairs(workflow))
    if latest:
        click.echo("\nLatest instances:")
        print_table(*instance_rows(latest))


def workflow_pairs(workflow: WorkflowSummary) -> list[tuple[str, str]]:
    """What there is to say of *workflow*."""
    counts = [f"{STATUS_SIGNS.get(status, status)} {count}" for status, count in workflow.instances.items() if count]
    return [
        ("Name", workflow.name),
        ("Script name", workflow.script_name),
        ("Class name", workflow.class_name),
        ("Created", moment(workflow.created_on)),
        ("Modified", moment(workflow.modified_on)),
        ("Triggered", moment(workflow.triggered_on)),
        *(("Schedule", f"{schedule.cron} (next: {moment(schedule.next_instance)})") for schedule in workflow.schedules),
        ("Instances", ", ".join(counts) or "none"),
    ]


@workflows.command()
@click.argument("name")
@click.argument("params", default="{}")
@click.option("--id", "instance_id", metavar="ID", help="The instance's id. Default: a new one.")
@state_option
@json_option
def trigger(*, name: str, params: str, instance_id: str | None, state: Path | None, as_json: bool) -> None:
    """
    Make an instance of the workflow NAME, with PARAMS as JSON.

    It runs at once where a run owns the state, else when the next one opens it.
    """
    value = parse_json(params, "PARAMS")
    if instance_id is not None:
        check_instance_id(instance_id)
    with connect(state) as connection:
        made = connection.client.create(name, instance_id or str(uuid.uuid4()), value)
        runs = connection.owner is not None
    if as_json:
        print_json(to_jsonable_python(made))
        return
    click.echo(f"🚀 Workflow instance {made.id!r} has been queued successfully")
    if not runs:
        say_when_it_runs()


def say_when_it_runs() -> None:
    """Say that nobody runs the state just now."""
    click.echo("Nobody owns the state just now: it goes on when `stepwell run` opens it.", err=True)
