"""The command `stepwell mcp`."""

from __future__ import annotations

import contextlib
import importlib.util
import signal
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from stepwell import exit_codes
from stepwell.exceptions import InputError
from stepwell.mcp.host_access import HostAccess
from stepwell.mcp.http_options import http_options
from stepwell.options import state_option
from stepwell.packages.require import require_packages_of
from stepwell.project_loader import load_project
from stepwell.runtimes import Warm, choose_runtime, runtime_name, runtime_options
from stepwell.state import state_path
from stepwell.target import find_target

if TYPE_CHECKING:
    import socket
    from pathlib import Path

    from stepwell.mcp.http_options import HttpOptions


@click.command(epilog=exit_codes.HELP, short_help="Offer workflows as tools to AI agents (MCP).")
@click.argument("target")
@http_options
@click.option("--account", metavar="NAME", help="The account whose workflows they are. Default: the default account.")
@runtime_options
@state_option
def mcp(  # noqa: PLR0913 - one for each option
    *,
    target: str,
    http: HttpOptions | None,
    account: str | None,
    runtime: str | None,
    python: str | None,
    sdk: str | None,
    untrusted: bool,
    state: Path | None,
) -> None:
    """
    Serve the workflows of TARGET over the Model Context Protocol: on stdin and stdout, or with --port over HTTP.

    Each workflow is a tool. A call makes an instance and gives a task, whose ID is the instance's: the client asks for
    its status, answers the events that it waits for, and cancels it. Tasks outlive this process. Further tools list,
    describe, signal, restart, replay and fork instances.

    Over HTTP clients send the tokens of `stepwell tokens`. On loopback a client needs none.

    TARGET is as for `stepwell run`. Needs: pip install 'stepwell[mcp]'
    """
    if importlib.util.find_spec("mcp") is None:
        raise InputError("The package mcp is not installed here. Install it: pip install 'stepwell[mcp]'")
    found = find_target(target)
    project = replace(load_project(found), account=account)
    chosen = choose_runtime(project.main, runtime, python, sdk, untrusted=untrusted)
    for warning in project.warnings:
        click.echo(f"Warning: {warning}", err=True)
    require_packages_of(project, found, runtime_name(chosen))

    with contextlib.nullcontext() if http is None else http.bind() as listener:
        host = HostAccess(
            state_path(state, create=True), project.deployment(chosen), Warm(project.main, chosen), account
        )
        try:
            if http is None or listener is None:
                _serve_stdio(host)
            else:
                _serve_http(host, http, listener)
        finally:
            host.close()


def _serve_stdio(host: HostAccess) -> None:
    from stepwell.mcp.server import serve_stdio  # noqa: PLC0415 - it needs the extra

    host.open()
    click.echo(f"Offering {', '.join(host.workflows)} over MCP on stdin and stdout.", err=True)
    serve_stdio(host)


def _serve_http(host: HostAccess, options: HttpOptions, listener: socket.socket) -> None:
    from stepwell.mcp.http_server import serve_http  # noqa: PLC0415 - it needs the extra

    host.open()
    stopped_by = serve_http(host, options, listener)
    click.echo("Stopped. Instances continue with the next command that runs this state.", err=True)
    raise SystemExit(exit_codes.COMPLETE if stopped_by == signal.SIGTERM else exit_codes.INTERRUPTED)
