"""The way of a server to the state's owner, through the end of one owner and the start of the next."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from stepwell.exceptions import ApiError, HostLostError
from stepwell.host_connector import HostConnector
from stepwell.host_process import HostSettings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stepwell.client import Client
    from stepwell.host_connector import Connection
    from stepwell.models import Token
    from stepwell.runtimes import Warm

T = TypeVar("T")
NOT_FOUND = "instance.not_found"
MAX_KNOWN_INSTANCES = 10_000


class HostAccess:
    """
    The owner of a state, in which a deployment is. Several threads may use it.

    Attributes:
        workflows: The JSON schema of the payload of each workflow, by the workflow's name; None where it has none.
        workflow_names: The workflows of the instances that were asked for lately, by the instances' IDs.
        account: The account whose workflows they are; None means the default account.
    """

    def __init__(self, state: Path, deployment: dict[str, object], warm: Warm, account: str | None = None) -> None:
        """Prepare to deploy *deployment*, which names *account*, in the state at the path *state*."""
        self.state = state
        self.account = account
        self.workflows: dict[str, dict[str, Any] | None] = {}
        self.workflow_names: dict[str, str] = {}
        self._deployment = deployment
        self._warm = warm
        self._connection: Connection | None = None
        self._lock = threading.Lock()

    def open(self) -> None:
        """Connect to the owner, or start one, and deploy."""
        self._connection = HostConnector(self.state, HostSettings(warm=self._warm)).connection()
        deployed = self._connection.client.deploy(self._deployment).workflows
        self.workflows = {workflow.name: workflow.input_schema for workflow in deployed}

    def close(self) -> None:
        """Release the connection, and the host if it is ours."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def connection(self, lost: Connection | None = None) -> Connection:
        """The connection to the owner; a new one in the place of *lost*."""
        with self._lock:
            if lost is not None and self._connection is lost:
                self.close()
            if self._connection is None:
                self.open()
            assert self._connection is not None  # noqa: S101 - `open` has made it
            return self._connection

    def keep(self) -> None:
        """Have an owner: the next one, or a new one, if the owner has ended. Otherwise nothing would run."""
        CallerAccess(self).call(lambda client: client.host())

    def find_token(self, secret: str) -> Token | None:
        """The token with this secret; None if it may not be used."""
        return CallerAccess(self).call(lambda client: client.find_token(secret))


@dataclass(frozen=True)
class CallerAccess:
    """
    What one caller may ask the owner for.

    Attributes:
        secret: The caller's token. None: the caller may do everything.
        scope: What the token allows.
    """

    host: HostAccess
    secret: str | None = None
    scope: str = "admin"

    @property
    def workflows(self) -> dict[str, dict[str, Any] | None]:
        """See `HostAccess`."""
        return self.host.workflows

    def call(self, request: Callable[[Client], T]) -> T:
        """
        Give what *request* gives. If the owner ends in between, the next owner is asked once.

        A request that makes something must name it, so that it is made once. Each request has a connection of its own,
        so none waits for another one.
        """
        connection = self.host.connection()
        try:
            return self._call(connection, request)
        except HostLostError:
            return self._call(self.host.connection(lost=connection), request)

    def _call(self, connection: Connection, request: Callable[[Client], T]) -> T:
        client = connection.client.of_account(self.host.account).of_caller(self.secret)
        try:
            return request(client)
        finally:
            client.close()

    def workflow_of(self, instance_id: str) -> str | None:
        """The workflow that has the instance; None if none has it."""
        known = self.host.workflow_names
        if instance_id not in known:
            if len(known) >= MAX_KNOWN_INSTANCES:
                known.clear()
            for name in self.call(lambda client: [workflow.name for workflow in client.workflows()]):
                if self._has(name, instance_id):
                    known[instance_id] = name
                    break
        return known.get(instance_id)

    def _has(self, workflow: str, instance_id: str) -> bool:
        try:
            self.call(lambda client: client.status_of(workflow, instance_id))
        except ApiError as error:
            if error.reason == NOT_FOUND:
                return False
            raise
        return True
