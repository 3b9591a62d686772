"""Keeps projects running on a state, whichever process owns it: what `stepwell dev` and `stepwell serve` share."""

from __future__ import annotations

import contextlib
import json
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from stepwell.exceptions import ApiError, HostFencedError, HostLostError, StepwellError
from stepwell.formatting import moment
from stepwell.host_connector import HostConnector
from stepwell.serving import Serving

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stepwell.client import Client, Stream
    from stepwell.host_connector import Connection
    from stepwell.host_process import HostSettings
    from stepwell.serving import ServedProject, ServingOptions
    from stepwell.serving_log import ServingLog


JOIN_INTERVAL_S = 0.2


class ProjectServer:
    """
    Serves projects until it is stopped. When the state's owner ends, it continues with the next one.

    Args:
        state: The path of the state file.
        projects: What is served.
        options: How.
        settings: How a host runs that this command starts.
        log: What happens is printed there.
        connector: A connection to the state's owner that has been begun; None begins one.

    Attributes:
        on_interrupt: Called at Ctrl-C, while the Workers still run.
        on_ready: Called when the Workers are there, each time, with a client of the projects' account.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - what a serving is made of
        self,
        state: Path,
        projects: list[ServedProject],
        options: ServingOptions,
        settings: HostSettings,
        log: ServingLog,
        connector: HostConnector | None = None,
    ) -> None:
        self.projects = projects
        self.on_ready: Callable[[Serving, Connection, Client], None] = lambda _serving, _connection, _client: None
        self.on_interrupt: Callable[[], None] = lambda: None
        self._state = state
        self._options = options
        self._settings = settings
        self._first_connector = connector
        self._log = log
        self._connection: Connection | None = None
        self._serving: Serving | None = None
        self._stopped = threading.Event()

    def run(self) -> None:
        """
        Serve until `stop`.

        Raises:
            StepwellError: The Workers do not load, or the state cannot be used.
        """
        while not self._stopped.is_set():
            connector = self._first_connector or HostConnector(self._state, replace(self._settings, rejoins=True))
            self._first_connector = None
            try:
                with connector.connection() as connection:
                    self._connection = connection
                    self._serve(connection)
            except HostLostError as error:
                if self._stopped.is_set():
                    return
                process = self._connection.process if self._connection is not None else None
                # A request that the end of the host cuts says less of it.
                death = (process.death() if process is not None else None) or error
                if isinstance(death, HostFencedError):
                    self._log.say(str(death))
                elif process is not None:
                    raise death from None
                # Otherwise the owner was another process. The next owner may be ours.
            finally:
                self._serving = None
                self._connection = None
                connector.close()

    def _serve(self, connection: Connection) -> None:
        client = connection.client.of_account(self._account)
        serving = Serving(client, self.projects, self._options)
        instances = client.follow_all()
        follower = threading.Thread(target=self._print_instances, args=(instances,), name="instances", daemon=True)
        try:
            self._serving = serving
            follower.start()
            self._keep_port(serving)
            self.on_ready(serving, connection, client)
            # Read in a thread: an interrupt in the midst of a read would close the serving before it is drained.
            reader = threading.Thread(target=self._print_events, args=(serving,), name="events", daemon=True)
            reader.start()
            while reader.is_alive():
                reader.join(JOIN_INTERVAL_S)
            if not self._stopped.is_set() and connection.process is not None and (death := connection.process.death()):
                raise death
        except KeyboardInterrupt:
            self.on_interrupt()
            raise
        finally:
            serving.close()
            instances.close()

    def _print_events(self, serving: Serving) -> None:
        with contextlib.suppress(StepwellError, ValueError, OSError, AttributeError):
            for event in serving.events():
                self._log.event(event)

    def _keep_port(self, serving: Serving) -> None:
        """With the state's next owner the Workers are at the same port."""
        if self._options.listener is not None:
            self._options.listener["port"] = serving.ready["port"]

    def _print_instances(self, stream: Stream) -> None:
        with contextlib.suppress(StepwellError, ValueError, OSError, AttributeError):
            for line in stream.lines():
                self._log.event(json.loads(line))

    @property
    def is_serving(self) -> bool:
        """Whether the Workers are there."""
        return self._serving is not None

    def reload(self, projects: list[ServedProject], turn: int) -> bool:
        """
        Take new code; of several reloads at once the one with the highest *turn*.

        Returns:
            Whether it is served. Otherwise the old code stays and the log says why; or newer code has taken its place.
        """
        serving = self._serving
        if serving is None:
            return False
        try:
            serving.reload(projects, turn)
        except ApiError as error:
            if error.reason == "deployment.superseded":
                return False
            self._log.say("Not reloaded; the code before it stays:")
            self._log.event({"type": "error", "name": "Error", "message": str(error), "traceback": error.traceback})
            return False
        except HostLostError:
            return False
        self.projects = projects
        return True

    def fire_cron(self) -> None:
        """Call the first Worker's scheduled handler now, as its first cron trigger does."""
        serving = self._serving
        if serving is None:
            return
        crons = self.projects[0].project.crons
        # What the handler raises is an event of the serving, too.
        with contextlib.suppress(StepwellError):
            serving.fire_cron(crons[0] if crons else "")

    def skip_next_sleep(self) -> None:
        """End the sleep that would end first."""
        serving = self._serving
        if serving is None:
            return
        with contextlib.suppress(HostLostError):
            match serving.skip_next_sleep():
                case {"workflow": str(workflow), "id": str(id_)}:
                    self._log.say(f"{workflow} {id_}: its sleep is skipped.")
                case _:
                    self._log.say("No instance sleeps.")

    def drain(self, grace_s: float) -> None:
        """Finish requests and attempts that run, for so long at most; begin no others."""
        serving, connection = self._serving, self._connection
        if serving is None or connection is None:
            return
        with contextlib.suppress(StepwellError):
            serving.drain(grace_s)
            # The owner of the state keeps running without us.
            if connection.process is not None:
                running = connection.client.of_account(None).drain(round(grace_s * 1000))
                if running:
                    self._log.say(f"{running} instances still run an attempt, which is cut.")

    def stop(self) -> None:
        """End the serving; `run` returns."""
        self._stopped.set()
        if self._serving is not None:
            self._serving.close()

    @property
    def _account(self) -> str | None:
        return self.projects[0].project.account


def announce_schedules(client: Client, workflows: list[str], log: ServingLog) -> None:
    """Print when the schedules of workflows are due next."""
    for name in workflows:
        for schedule in client.workflow(name).schedules:
            log.say(f"  {name}: {schedule.cron!r}, next at {moment(schedule.next_instance)}")
