"""`stepwell workflows`: what the state or a server holds, and instances made without a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from pydantic_core import to_jsonable_python

from stepwell import exit_codes
from stepwell.formatting import STATUS_SIGNS, moment, plain, signed
from stepwell.lazy_group import LazyGroup
from stepwell.names import check_instance_id
from stepwell.options import print_json
from stepwell.params import params_of
from stepwell.server_options import ServerChoice, server_options

if TYPE_CHECKING:
    from stepwell.models import WorkflowSummary

LATEST_SHOWN = 5


@click.group(
    cls=LazyGroup,
    commands_at={"instances": "stepwell.instances:instances"},
    epilog=exit_codes.HELP,
    short_help="List, inspect and control workflows.",
)
def workflows() -> None:
    """List, inspect and control workflows and instances, of a state or of a server (--url)."""


@workflows.command("list")
@click.option("--search", metavar="TEXT", help="Only those with this in their names.")
@click.option("--page", type=click.IntRange(1), default=1, show_default=True)
@click.option("--per-page", type=click.IntRange(1, 100), default=100, show_default=True)
@server_options
def list_(*, search: str | None, page: int, per_page: int, server: ServerChoice, as_json: bool) -> None:
    """List the workflows."""
    with server.connect() as connection:
        found = connection.client.workflows(search=search, page=page, per_page=per_page)
    if as_json:
        print_json([workflow.model_dump(mode="json") for workflow in found])
    elif not found:
        click.echo("There are no such workflows." if search or page > 1 else "There are no workflows yet.", err=True)
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
            left_out_when_narrow=("Modified", "Created", "Class name"),
        )


@workflows.command()
@click.argument("name")
@server_options
def describe(*, name: str, server: ServerChoice, as_json: bool) -> None:
    """Show the workflow NAME and its latest instances."""
    with server.connect(name) as connection:
        workflow = connection.client.workflow(name)
        latest = connection.client.instances(name, page=1, per_page=LATEST_SHOWN).instances
    if as_json:
        described = workflow.model_dump(mode="json")
        print_json({**described, "latest_instances": to_jsonable_python(latest)})
        return
    from stepwell.tables import print_instances, print_pairs  # noqa: PLC0415

    print_pairs(workflow_pairs(workflow))
    if latest:
        click.echo("\nLatest instances:")
        print_instances(latest)


def workflow_pairs(workflow: WorkflowSummary) -> list[tuple[str, str]]:
    """What there is to say of *workflow*."""
    counts = [f"{signed(STATUS_SIGNS, status)} {count}" for status, count in workflow.instances.items() if count]
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


@workflows.command(short_help="Delete a workflow with all its instances.")
@click.argument("name")
@server_options
def delete(*, name: str, server: ServerChoice, as_json: bool) -> None:
    """
    Delete the workflow NAME with all its instances, also those that run.

    The workflow is not found from now on; its instances are deleted in the background.
    """
    with server.connect(name) as connection:
        connection.client.delete_workflow(name)
        if not connection.runs:
            # It would continue when the state is opened again; better now than then.
            connection.client.wait_for_bulk_jobs()
    if as_json:
        print_json({"status": "ok", "success": True})
    else:
        click.echo(plain(f"🗑️ Deleted workflow {name!r}. Its instances are deleted in the background."))


@workflows.command()
@click.argument("name")
@click.argument("params", required=False)
@click.option(
    "--param",
    "pairs",
    metavar="KEY=VALUE",
    multiple=True,
    help="A member of PARAMS; repeatable. VALUE is JSON, or else text.",
)
@click.option("--id", "instance_id", metavar="ID", help="The instance's id. Default: a new one.")
@server_options
def trigger(  # noqa: PLR0913 - one for each option
    *,
    name: str,
    params: str | None,
    pairs: tuple[str, ...],
    instance_id: str | None,
    server: ServerChoice,
    as_json: bool,
) -> None:
    """
    Create an instance of the workflow NAME, with PARAMS as JSON.

    It runs at once if a process or a server runs the state, else when the next one opens it.
    """
    value = params_of(params, pairs, "PARAMS")
    if instance_id is not None:
        check_instance_id(instance_id)
    with server.connect(name) as connection:
        made = connection.client.create(name, instance_id, value)
        runs = connection.runs
    if as_json:
        print_json(to_jsonable_python(made))
        return
    click.echo(plain(f"🚀 Workflow instance {made.id!r} has been queued successfully"))
    if not runs:
        say_when_it_runs()


def say_when_it_runs() -> None:
    """Say that no process runs the state."""
    click.echo("Nothing is running this state. Start it with: stepwell serve DIR", err=True)
