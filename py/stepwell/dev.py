"""`stepwell dev`: run a project while it is written: its code is reloaded when it is saved."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING

import click

from stepwell import exit_codes
from stepwell.exceptions import StepwellError
from stepwell.host_connector import HostConnector
from stepwell.host_process import HostSettings
from stepwell.listener import LOOPBACK, MAX_PORT
from stepwell.printable import raw_stream
from stepwell.project_notes import notes_at_start
from stepwell.project_server import ProjectServer, announce_schedules
from stepwell.served_options import served_options
from stepwell.serving import ServingOptions
from stepwell.serving_log import ServingLog
from stepwell.source_watcher import SourceWatcher
from stepwell.terminal_keys import TerminalKeys

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stepwell.client import Client
    from stepwell.host_connector import Connection
    from stepwell.served_options import ServedChoice
    from stepwell.serving import ServedProject, Serving

DEFAULT_PORT = 8787
KEYS = "b: browser, r: reload, n: skip to the next timer, s: run the scheduled handler, c: clear, x: quit"
CLEAR_SCREEN = "\x1b[H\x1b[2J\x1b[3J"


@click.command(epilog=exit_codes.HELP, short_help="Run a project and reload its code when it is saved.")
@served_options("[DIR]")
@click.option(
    "--port", type=click.IntRange(0, MAX_PORT), help=f"Where to listen.  [default: dev.port, else {DEFAULT_PORT}]"
)
@click.option("--ip", metavar="ADDRESS", help=f"The address.  [default: dev.ip, else {LOOPBACK}]")
def dev(*, port: int | None, ip: str | None, served: ServedChoice) -> None:
    """
    Run the Worker and the workflows of a project, and reload its code when it is saved.

    Requests go to the Worker's fetch handler; with several configurations, to that of the first. Instances in flight
    continue in the new code, and those whose history it does not fit are named. Cron triggers and schedules fire on
    time; /cdn-cgi/handler/scheduled fires a cron trigger now.

    DIR has a wrangler configuration; a file with a Worker or workflows does, too. Default: this folder.
    """
    log = ServingLog("text", sys.stdout, steps=True)
    settings = HostSettings(
        warm=served.likely_main(), bindings=served.likely_bound(), force_replay=served.force_replay, standby=True
    )
    raise SystemExit(DevCommand(log, served.load).run(port, ip, served.state_path(), settings))


class DevCommand:
    """One call of `stepwell dev`; *load* reads the projects as they are now."""

    def __init__(self, log: ServingLog, load: Callable[[], list[ServedProject]]) -> None:
        self._log = log
        self._load = load
        self._url = ""
        self._said: list[str] = []
        self._reading = threading.Lock()
        """Held while the projects are read, so that the last to read them has the highest turn."""
        self._turn = 0
        self._is_stale = False
        """Something has changed before the projects were served."""
        self._server: ProjectServer | None = None
        self._keys = TerminalKeys(self._press)

    def run(self, port: int | None, ip: str | None, state: Path, settings: HostSettings) -> int:
        """
        Serve until `x` or Ctrl-C.

        Returns:
            The exit code.
        """
        # The projects are read while Node starts.
        connector = HostConnector(state, settings)
        try:
            return self._run(port, ip, state, settings, connector)
        finally:
            connector.close()

    def _run(
        self, port: int | None, ip: str | None, state: Path, settings: HostSettings, connector: HostConnector
    ) -> int:
        projects = self._load()
        first = projects[0].project
        wanted = port if port is not None else DEFAULT_PORT if first.dev_port is None else first.dev_port
        listener: dict[str, object] = {"ip": ip or _address(first.dev_ip), "port": wanted}
        self._say_notes(projects)
        options = ServingOptions(listener, development=True)
        server = self._server = ProjectServer(state, projects, options, settings, self._log, connector)
        server.on_ready = lambda serving, connection, client: self._announce(serving, connection, client, wanted)
        watcher = SourceWatcher(_roots(projects), _folders(projects), lambda _changes: self._reload(), state=state)
        watcher.start()
        try:
            server.run()
        except KeyboardInterrupt:
            return exit_codes.INTERRUPTED
        finally:
            watcher.stop()
            self._keys.close()
            server.stop()
        return exit_codes.COMPLETE

    def _announce(self, serving: Serving, connection: Connection, client: Client, wanted: int) -> None:
        ready = serving.ready
        port = ready["port"]
        if wanted not in {port, 0}:
            self._log.say(f"Port {wanted} is taken; {port} is used.")
        if connection.owner:
            self._log.say(f"{connection.owner} owns the state, and runs this project.")
        announce_schedules(client, ready["workflows"], self._log)
        self._url = str(ready["url"]).replace("127.0.0.1", "localhost")
        if "fetch" not in ready["handlers"]:
            self._log.say("The Worker has no fetch handler; workflows run.")
        # Programs that start a development server wait for this line.
        self._log.say(f"[wrangler:info] Ready on {self._url}")
        if connection.process is not None:
            connection.process.on_debugger = self._hold_keys
        self._keys.open()
        if self._keys.is_open:
            self._log.say(KEYS)
        with self._reading:
            is_stale, self._is_stale = self._is_stale, False
        if is_stale:
            self._reload()

    def _hold_keys(self, on: bool) -> None:  # noqa: FBT001 - as HostProcess calls it
        """A debugger has the terminal for itself."""
        if on:
            self._keys.close()
        else:
            self._keys.open()

    def _press(self, key: str) -> None:
        server = self._server
        if server is None:
            return
        match key:
            case "x" | "q":
                server.stop()
            case "r":
                self._reload()
            case "n":
                server.skip_next_sleep()
            case "s":
                server.fire_cron()
            case "c":
                click.echo(CLEAR_SCREEN, nl=False, file=raw_stream(sys.stdout))
                self._log.say(KEYS)
            case "b":
                click.launch(self._url)

    def _reload(self) -> None:
        """Take the code as it is now, also while an import of older code still runs."""
        threading.Thread(target=self._take_code, name="reload", daemon=True).start()

    def _take_code(self) -> None:
        server = self._server
        if server is None:
            return
        with self._reading:
            if not server.is_serving:
                self._is_stale = True
                return
            try:
                projects = self._load()
            except StepwellError as error:
                self._log.say(f"Not reloaded: {error}")
                return
            self._say_notes(projects)
            self._turn += 1
            turn = self._turn
        if server.reload(projects, turn):
            self._log.say("Reloaded.")

    def _say_notes(self, projects: list[ServedProject]) -> None:
        """What the configurations say, unless it has been said before."""
        notes = [note for each in projects for note in notes_at_start(each.project, each.runtime)]
        for note in notes:
            if note not in self._said:
                self._log.say(note)
        self._said = notes


def _address(configured: str | None) -> str:
    return LOOPBACK if configured in (None, "localhost") else configured


def _roots(projects: list[ServedProject]) -> list[Path]:
    return [each.project.main.parent for each in projects]


def _folders(projects: list[ServedProject]) -> list[Path]:
    """Where configurations and secrets are."""
    return [each.project.config.resolve().parent for each in projects if each.project.config is not None]
