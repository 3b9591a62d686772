"""`stepwell serve`: run what schedules, events and commands ask for, until it is interrupted."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn

import click

from stepwell import exit_codes
from stepwell.exceptions import HostLostError
from stepwell.formatting import moment
from stepwell.host_connector import HostConnector
from stepwell.host_process import HostSettings
from stepwell.listener import listener_options, open_listener
from stepwell.options import environment_option, force_replay_option, state_option
from stepwell.packages.require import require_packages_of
from stepwell.project_loader import load_project
from stepwell.project_notes import say_at_start
from stepwell.runtimes import choose_runtime, runtime_name, runtime_options
from stepwell.state import state_path
from stepwell.target import find_target

if TYPE_CHECKING:
    from pathlib import Path

    from stepwell.client import Client
    from stepwell.host_connector import Connection
    from stepwell.models import WorkflowSummary
    from stepwell.project import Project

POLL_INTERVAL_S = 1.0
"""Seconds between two looks at an owner that is not ours."""


@click.command(epilog=exit_codes.HELP, short_help="Run schedules and instances until Ctrl-C.")
@click.argument("target")
@environment_option
@runtime_options
@force_replay_option
@state_option
@listener_options
@click.option("--account", metavar="NAME", help="The account whose workflows they are. Default: the default account.")
def serve(  # noqa: PLR0913 - one for each option
    *,
    target: str,
    environment: str | None,
    runtime: str | None,
    python: str | None,
    sdk: str | None,
    untrusted: bool,
    force_replay: bool,
    state: Path | None,
    listener: dict[str, object] | None,
    account: str | None,
) -> None:
    """
    Run the workflows of TARGET until Ctrl-C: at the times of their schedules, and whenever an instance is made.

    With --port, Cloudflare's REST API is there too, for wrangler and the official clients.

    TARGET is as for `stepwell run`; schedules (cron expressions, in UTC) are in a wrangler configuration. Of the times
    that passed while nothing ran, each schedule makes up for the last one.
    """
    found = find_target(target)
    project = replace(load_project(found, environment), account=account)
    chosen = choose_runtime(project.main, runtime, python, sdk, untrusted=untrusted)
    say_at_start(project, chosen)
    require_packages_of(project, found, runtime_name(chosen))
    path = state_path(state, create=True)
    try:
        while True:
            _serve(path, project, HostSettings(warm=chosen, force_replay=force_replay), listener)
    except KeyboardInterrupt:
        click.echo(
            "Interrupted; what is unfinished goes on with the next `stepwell serve` or `stepwell run`.", err=True
        )
        raise SystemExit(exit_codes.INTERRUPTED) from None


def _serve(state: Path, project: Project, settings: HostSettings, listener: dict[str, object] | None) -> None:
    """Until the owner of *state* has gone, who may be another process."""
    connector = HostConnector(state, settings)
    try:
        with connector.connection() as connection:
            client = connection.client.of_account(project.account)
            names = [workflow.name for workflow in client.deploy(project.deployment(settings.warm)).workflows]
            _announce([client.workflow(name) for name in names], connection)
            with open_listener(client, listener):
                if connection.process is None:
                    _wait_for_owner_end(client)
                else:
                    _wait_for_host_end(connection)
    finally:
        connector.close()


def _wait_for_host_end(connection: Connection) -> NoReturn:
    assert connection.process is not None  # noqa: S101 - asked for by the caller
    while True:
        if death := connection.process.death():
            raise death


def _wait_for_owner_end(client: Client) -> None:
    while True:
        time.sleep(POLL_INTERVAL_S)
        try:
            client.host()
        except HostLostError:
            return


def _announce(workflows: list[WorkflowSummary], connection: Connection) -> None:
    where = f" in {connection.owner}, which owns the state" if connection.owner else ""
    click.echo(f"Serving {', '.join(workflow.name for workflow in workflows)}{where}. Stop with Ctrl-C.", err=True)
    for workflow in workflows:
        for schedule in workflow.schedules:
            click.echo(f"  {workflow.name}: {schedule.cron!r}, next at {moment(schedule.next_instance)}", err=True)
