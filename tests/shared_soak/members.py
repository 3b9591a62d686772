"""Engines that share a state, each in processes of its own, and behind a proxy that can cut its connections."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cluster import Cluster, free_port
from proxy import Proxy

if TYPE_CHECKING:
    from collections.abc import Callable

ANSWER_S = 40
"""An engine that passes a request on waits 30 s for the answer of another one."""
BASE = "/client/v4/accounts/any/workflows"


class NoAnswerError(Exception):
    """Whether the request was carried out is not known."""


class RefusedError(Exception):
    """The engine says that it has not carried out the request."""


class Member:
    """
    One engine: `stepwell serve`, which starts its host anew when that was declared dead.

    Args:
        folder: The project. All members share it.
        name: Of a folder below it, where the engine keeps what is of its machine.
        cluster: The database.
        schema: Where the state is in it.
        lease_ms: How long the engine may be unreachable.

    Attributes:
        served: What it serves, in the folder.
    """

    served = "flow.mjs"

    def __init__(self, folder: Path, name: str, cluster: Cluster, *, schema: str, lease_ms: int) -> None:
        self.proxy = Proxy(cluster.port)
        self.port = free_port()
        self._folder = folder
        self._place = folder / name
        self._place.mkdir()
        self._address = cluster.address(port=self.proxy.port, schema=schema, lease_ms=str(lease_ms), engines="several")
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        environment = {**os.environ, "XDG_STATE_HOME": str(self._place), "PYTHONUNBUFFERED": "1"}
        command = [sys.executable, "-m", "stepwell", "serve", self.served, "--state", self._address]
        with (self._place / "said").open("ab") as said:
            self._process = subprocess.Popen(
                [*command, "--port", str(self.port)],
                cwd=self._folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                start_new_session=True,
            )

    def keep_alive(self) -> None:
        """Start it if it has ended."""
        assert self._process is not None
        if self._process.poll() is not None:
            self.start()

    @property
    def said(self) -> str:
        """What it has printed, for people who look into a failure."""
        return (self._place / "said").read_text(errors="replace")

    def host(self) -> int | None:
        """Its host, if it has one now."""
        assert self._process is not None
        try:
            children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
        except OSError:
            return None
        return int(children[0]) if children else None

    def kill(self) -> None:
        """Kill its processes, and wait until they are gone."""
        assert self._process is not None
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        """End it for good."""
        self.kill()
        self.proxy.close()

    def call(self, method: str, path: str, body: object = None) -> Any:
        """
        Send a request of Cloudflare's REST API.

        Raises:
            RefusedError: It is not carried out.
            NoAnswerError: It may have been carried out.
        """
        data = None if body is None else json.dumps(body).encode()
        headers = {"content-type": "application/json"}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{BASE}{path}", data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=ANSWER_S) as answer:
                return json.load(answer)["result"]
        except urllib.error.HTTPError as error:
            said = error.read().decode(errors="replace")
            raise (RefusedError if error.code < 500 else NoAnswerError)(f"{error.code}: {said}") from error
        except (OSError, ValueError, EOFError) as error:
            raise NoAnswerError(str(error)) from error


def all_answer(members: list[Member], wait: Callable[[Callable[[], bool], str], None]) -> None:
    """Wait until all of them do."""

    def answers(member: Member) -> bool:
        try:
            member.call("GET", "/Flow")
        except (NoAnswerError, RefusedError):
            return False
        return True

    for member in members:
        wait(lambda member=member: answers(member), "an engine does not answer")
