"""Workers that the host runs for this command, and the events of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stepwell.exceptions import HostLostError, InternalError
from stepwell.runtimes import Warm

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stepwell.client import Client, Stream
    from stepwell.project import Project
    from stepwell.runtimes import Runtime

Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ServedProject:
    """A project, and what runs it."""

    project: Project
    runtime: Runtime

    @property
    def warm(self) -> Warm:
        """What an interpreter is needed for."""
        return Warm(self.project.main, self.runtime)

    def request(self) -> dict[str, object]:
        """The Worker as the host takes it."""
        deployment = self.project.deployment(self.runtime)
        return {
            "deployment": deployment,
            "crons": self.project.crons,
            "queue_consumers": self.project.queue_consumers,
            "assets": self.project.assets,
        }


@dataclass(frozen=True, slots=True)
class ServingOptions:
    """
    How Workers are served.

    Attributes:
        listener: Where; None opens no port.
        development: Show errors to clients, and keep old code where new code does not load.
        time_limit_s: For a handler's answer to begin; None is no limit.
    """

    listener: dict[str, object] | None
    development: bool = False
    time_limit_s: float | None = None


class Serving:
    """
    One serving of the host, as long as it is open.

    Args:
        client: The host.
        projects: What is served; the first Worker answers the requests.
        options: How.
    """

    def __init__(self, client: Client, projects: list[ServedProject], options: ServingOptions) -> None:
        request: dict[str, object] = {
            "workers": [each.request() for each in projects],
            "listener": options.listener,
            "development": options.development,
        }
        if options.time_limit_s is not None:
            request["time_limit_ms"] = round(options.time_limit_s * 1000)
        self._client = client
        self._stream: Stream = client.serve(request)
        # As long as it is referred to the stream stays open.
        self._lines = self._stream.lines()
        self.ready: Event = self._read_ready()

    def _read_ready(self) -> Event:
        match json.loads(next(self._lines, b"null")):
            case {"type": "ready", "id": str(), "workflows": list()} as ready:
                return dict(ready)
            case other:
                raise InternalError(f"Malformed response from the host for /servings: {other!r}")

    @property
    def id(self) -> str:
        """Its name in requests."""
        return str(self.ready["id"])

    def events(self) -> Iterator[Event]:
        """
        What happens, until the serving is closed.

        Raises:
            HostLostError: The host has ended.
        """
        for line in self._lines:
            event: Event = json.loads(line)
            yield event
        raise HostLostError("The host ended the serving.", sent=True)

    def reload(self, projects: list[ServedProject], turn: int) -> None:
        """
        Take the code of *projects* as it is now; see `Client.reload`.

        Raises:
            ApiError: It does not load; the old code stays.
        """
        self._other().reload(self.id, [each.request() for each in projects], turn)

    def fire_cron(self, cron: str) -> None:
        """Call the scheduled handler now."""
        self._other().fire_cron(self.id, cron)

    def skip_next_sleep(self) -> Event:
        """End the sleep that would end first; see `Client.skip_next_sleep`."""
        return self._other().skip_next_sleep()

    def drain(self, grace_s: float) -> None:
        """Finish the requests that are under way, and accept no others."""
        self._other().drain_serving(self.id, round(grace_s * 1000))

    def close(self) -> None:
        """End it."""
        self._stream.close()

    def _other(self) -> Client:
        """A client of its own: threads may ask at the same time."""
        return self._client.of_account(None)
