"""The way of a server to the state's owner, through the end of one owner and the start of the next."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, TypeVar

from stepwell.exceptions import ApiError, HostLostError
from stepwell.host_connector import HostConnector
from stepwell.host_process import HostSettings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stepwell.client import Client
    from stepwell.host_connector import Connection
    from stepwell.runtimes import Runtime

T = TypeVar("T")
NOT_FOUND = "instance.not_found"


class HostAccess:
    """
    Calls the owner of a state. It may be called by several threads; their calls take turns.

    Attributes:
        workflows: The JSON schema of the payload of each workflow, by the workflow's name; None where it has none.
    """

    def __init__(self, state: Path, deployment: dict[str, object], runtime: Runtime) -> None:
        """Prepare to deploy *deployment* in the state at the path *state*."""
        self.state = state
        self.workflows: dict[str, dict[str, Any] | None] = {}
        self._deployment = deployment
        self._runtime = runtime
        self._connection: Connection | None = None
        self._lock = threading.Lock()
        self._workflow_of: dict[str, str] = {}

    def open(self) -> None:
        """Connect to the owner, or start one, and deploy."""
        self._connection = HostConnector(self.state, HostSettings(warm=self._runtime)).connection()
        deployed = self._connection.client.deploy(self._deployment).workflows
        self.workflows = {workflow.name: workflow.input_schema for workflow in deployed}

    def close(self) -> None:
        """Release the connection, and the host if it is ours."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def call(self, request: Callable[[Client], T]) -> T:
        """
        Give what *request* gives. If the owner ends in between, the next owner is asked once.

        A request that makes something must name it, so that it is made once.
        """
        with self._lock:
            try:
                return request(self._client())
            except HostLostError:
                self.close()
                return request(self._client())

    def _client(self) -> Client:
        if self._connection is None:
            self.open()
        assert self._connection is not None  # noqa: S101 - `open` has made it
        return self._connection.client

    def workflow_of(self, instance_id: str) -> str | None:
        """The workflow that has the instance; None if none has it."""
        if instance_id not in self._workflow_of:
            for name in self.call(lambda client: [workflow.name for workflow in client.workflows()]):
                if self._has(name, instance_id):
                    self._workflow_of[instance_id] = name
                    break
        return self._workflow_of.get(instance_id)

    def _has(self, workflow: str, instance_id: str) -> bool:
        try:
            self.call(lambda client: client.status_of(workflow, instance_id))
        except ApiError as error:
            if error.reason == NOT_FOUND:
                return False
            raise
        return True
