"""`stepwell serve`: run a project on a server until it is stopped."""

from __future__ import annotations

import signal
from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn, cast

import click

from stepwell import exit_codes
from stepwell.host_process import HostSettings
from stepwell.listener import listener_options
from stepwell.project_notes import notes_at_start
from stepwell.project_server import ProjectServer, announce_schedules
from stepwell.served_options import served_options
from stepwell.serving import ServingOptions
from stepwell.serving_log import ServingLog

if TYPE_CHECKING:
    from types import FrameType

    from stepwell.client import Client
    from stepwell.host_connector import Connection
    from stepwell.served_options import ServedChoice
    from stepwell.serving import ServedProject, Serving
    from stepwell.serving_log import Format

DEFAULT_GRACE_S = 10.0
DEFAULT_TIME_LIMIT_S = 300.0


@click.command(epilog=exit_codes.SHORT_HELP, short_help="Run a project on a server until Ctrl-C.")
@served_options("[TARGET]")
@listener_options
@click.option("--account", metavar="NAME", help="The account whose workflows they are. Default: the default account.")
@click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="json: a line each on stdout.",
)
@click.option(
    "--grace",
    "grace_s",
    type=click.FloatRange(0),
    default=DEFAULT_GRACE_S,
    show_default=True,
    metavar="SECONDS",
    help="How long requests and attempts that run may take to end when the server stops.",
)
@click.option(
    "--request-timeout",
    "time_limit_s",
    type=click.FloatRange(0, min_open=True),
    default=DEFAULT_TIME_LIMIT_S,
    show_default=True,
    metavar="SECONDS",
    help="How long a handler may take to begin its answer.",
)
def serve(  # noqa: PLR0913 - one for each option
    *,
    served: ServedChoice,
    listener: dict[str, object] | None,
    account: str | None,
    log_format: str,
    grace_s: float,
    time_limit_s: float,
) -> None:
    """
    Run the Worker and the workflows of TARGET until Ctrl-C or SIGTERM: schedules, cron triggers, and what is created.

    With --port, the Worker's fetch handler answers requests there. Cloudflare's REST API is at /client/v4, for wrangler
    and the official clients; /healthz and /readyz are for load balancers.

    TARGET is as for `stepwell run`; schedules (cron expressions, in UTC) are in a wrangler configuration. If times were
    missed while nothing ran, each schedule of a workflow runs once, for the most recent one.
    """
    log = ServingLog(cast("Format", log_format))
    loaded = served.load(lambda each: _say_notes(each, log))
    projects = [replace(each, project=replace(each.project, account=account)) for each in loaded]
    settings = HostSettings(
        warm=projects[0].warm, bindings=served.likely_bound(), force_replay=served.force_replay, standby=True
    )
    options = ServingOptions(listener, time_limit_s=time_limit_s)
    server = ProjectServer(served.state_path(), projects, options, settings, log)
    server.on_ready = lambda serving, connection, client: _announce(serving, connection, client, log)
    server.on_interrupt = lambda: _drain(server, log, grace_s)
    stop = _StopSignal()
    try:
        server.run()
    except KeyboardInterrupt:
        log.say("Stopped; what is unfinished continues with the next `stepwell serve` or `stepwell run`.")
        raise SystemExit(exit_codes.COMPLETE if stop.was_asked else exit_codes.INTERRUPTED) from None


def _say_notes(served: ServedProject, log: ServingLog) -> None:
    for note in notes_at_start(served.project, served.runtime):
        log.say(note)


class _StopSignal:
    """Notes that SIGTERM was sent: a service manager's stop is no failure."""

    def __init__(self) -> None:
        self.was_asked = False
        signal.signal(signal.SIGTERM, self._receive)

    def _receive(self, _signal: int, _frame: FrameType | None) -> NoReturn:
        self.was_asked = True
        raise KeyboardInterrupt


def _drain(server: ProjectServer, log: ServingLog, grace_s: float) -> None:
    try:
        server.drain(grace_s)
    except KeyboardInterrupt:
        log.say("Interrupted again: what runs is cut.")


def _announce(serving: Serving, connection: Connection, client: Client, log: ServingLog) -> None:
    ready = serving.ready
    where = f" in {connection.owner}, which owns the state" if connection.owner else ""
    names = ready["workflows"] or ["a Worker without workflows"]
    log.say(f"Serving {', '.join(names)}{where}. Stop with Ctrl-C.", workflows=ready["workflows"])
    announce_schedules(client, ready["workflows"], log)
    if url := ready["url"]:
        log.say(f"Ready on {url} (REST: {url}/client/v4)", url=url)
        if ready["token_required"] and not any(token.revoked_on is None for token in client.tokens()):
            log.say("The API requires a token, and no token exists. Create one with: stepwell tokens create NAME")
