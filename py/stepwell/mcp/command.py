"""The command `stepwell mcp`."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

import click

from stepwell import exit_codes
from stepwell.exceptions import InputError
from stepwell.options import state_option
from stepwell.packages.require import require_packages_of
from stepwell.project_loader import load_project
from stepwell.runtimes import choose_runtime, runtime_name, runtime_options
from stepwell.state import state_path
from stepwell.target import find_target

if TYPE_CHECKING:
    from pathlib import Path


@click.command(epilog=exit_codes.HELP, short_help="Offer workflows as tools to AI agents (MCP, stdio).")
@click.argument("target")
@runtime_options
@state_option
def mcp(  # noqa: PLR0913 - one for each option
    *, target: str, runtime: str | None, python: str | None, sdk: str | None, untrusted: bool, state: Path | None
) -> None:
    """
    Serve the workflows of TARGET over the Model Context Protocol, on stdin and stdout.

    Each workflow is a tool. A call makes an instance and gives a task, whose ID is the instance's: the client asks for
    its status, answers the events that it waits for, and cancels it. Tasks outlive this process. Further tools list,
    describe, signal, restart, replay and fork instances.

    TARGET is as for `stepwell run`. Needs: pip install 'stepwell[mcp]'
    """
    if importlib.util.find_spec("mcp") is None:
        raise InputError("The package mcp is not installed here. Install it: pip install 'stepwell[mcp]'")
    from stepwell.mcp.host_access import HostAccess  # noqa: PLC0415 - they need the extra
    from stepwell.mcp.server import serve_stdio  # noqa: PLC0415

    found = find_target(target)
    project = load_project(found)
    chosen = choose_runtime(project.main, runtime, python, sdk, untrusted=untrusted)
    for warning in project.warnings:
        click.echo(f"Warning: {warning}", err=True)
    require_packages_of(project, found, runtime_name(chosen))
    host = HostAccess(state_path(state, create=True), project.deployment(chosen), chosen)
    try:
        host.open()
        click.echo(f"Offering {', '.join(host.workflows)} over MCP on stdin and stdout.", err=True)
        serve_stdio(host)
    finally:
        host.close()
