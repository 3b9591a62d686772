"""
The host's HTTP interface, over a state's Unix socket or over the network.

What a run seldom asks for imports its model when it is called: pydantic takes longer to import than all the rest.
"""

from __future__ import annotations

import http.client
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar
from urllib.parse import urlencode

from stepwell.exceptions import HostLostError
from stepwell.http_connection import DEFAULT_ACCOUNT, Endpoint, UnixEndpoint, quoted, send, shut_down
from stepwell.response_parser import ResponseParser
from stepwell.responses import Deployed, Envelope, Event, InstancePage, InstanceStatus, InstanceSummary, as_object

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stepwell.host_address import HostAddress
    from stepwell.models import (
        AuditEntry,
        DeletedBatch,
        HostInfo,
        InstanceDetail,
        SentEvent,
        StatusChange,
        Token,
        WorkflowSummary,
    )

JSON = "application/json"
LINES = "application/x-ndjson"
ALL_WORKFLOWS = "-"
"""Stands for every workflow where instances are listed."""


class Validated(Protocol):
    """One of `responses.py` or of `models.py`."""

    @classmethod
    def model_validate(cls, value: object, /) -> Self:
        """*value* as one, or pydantic's `ValidationError`."""


M = TypeVar("M", bound=Validated)


class Client:
    """
    One connection to a host, made at the first request and kept.

    Every method raises `ApiError` for a refusal. When the host is gone it raises `HostLostError`, or `InputError` where
    the host is a server in the network.

    Attributes:
        endpoint: The host.
        next_address: Finds the next owner of the state, for a request that this host has not carried out. None: such a
            request raises.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.next_address: Callable[[HostLostError], HostAddress] | None = None
        self._connection: http.client.HTTPConnection | None = None
        self._responses = ResponseParser()

    def ping(self, timeout: float) -> bool:
        """Whether the host answers within *timeout* seconds, and owns the state that its address names."""
        self.close()
        try:
            self._connect(timeout)
        except HostLostError:
            return False
        return True

    def close(self) -> None:
        """Close the connection; a later request opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def of_account(self, account: str | None, timeout_s: float | None = None) -> Client:
        """A client of the same host for another account; None means the default account."""
        client = Client(replace(self.endpoint, account=account or DEFAULT_ACCOUNT, timeout_s=timeout_s))
        client.next_address = self.next_address
        return client

    def of_caller(self, secret: str | None) -> Client:
        """A client of the same host and account that may do what the token *secret* allows; None means everything."""
        assert isinstance(self.endpoint, UnixEndpoint)  # noqa: S101 - in the network each client has its own token
        return Client(replace(self.endpoint, caller=secret))

    # The host, over its Unix socket only ------------------------------------------------------------------------------

    def host(self) -> HostInfo:
        """What runs there."""
        from stepwell.models import HostInfo

        return self._call(HostInfo, "GET", "/host")

    def deploy(self, deployment: dict[str, object]) -> Deployed:
        """Load the code and register its workflows."""
        return self._call(Deployed, "POST", "/deployments", deployment)

    def serve(self, serving: dict[str, object]) -> Stream:
        """Have the host run Workers as long as the stream is open. Its first line says where they are."""
        return Stream(self.endpoint, self._responses, "POST", "/servings", serving)

    def show_dashboard(self, port: int) -> Stream:
        """Have the host show the state in a browser as long as the stream is open. Its first line says where."""
        return Stream(self.endpoint, self._responses, "POST", "/dashboards", {"port": port})

    def reload(self, serving: str, workers: list[dict[str, object]], turn: int) -> None:
        """
        Have a serving take new code. Where it does not load, `ApiError` says why, and the old code stays.

        The one with the highest *turn* takes the place of one that still waits for an import, whose reason is
        `deployment.superseded`.
        """
        self._request("POST", f"/servings/{serving}/reload", {"workers": workers, "turn": turn})

    def fire_cron(self, serving: str, cron: str) -> None:
        """Call the scheduled handler of a serving's first Worker."""
        self._request("POST", f"/servings/{serving}/cron", {"cron": cron})

    def skip_next_sleep(self) -> dict[str, Any]:
        """End the sleep that would end first: its `workflow` and `id`, which are None where nothing sleeps."""
        return self._responses.parse(as_object, self._request("POST", "/skip-next-sleep").result, "/skip-next-sleep")

    def drain_serving(self, serving: str, grace_ms: int) -> None:
        """Have a serving finish the requests that it has, for so long at most, and accept no others."""
        self._request("POST", f"/servings/{serving}/drain", {"grace_ms": grace_ms})

    def drain(self, grace_ms: int) -> int:
        """Have no attempt begin and wait for those that run, for so long at most; how many run on."""
        answer = self._responses.parse(
            as_object, self._request("POST", "/drain", {"grace_ms": grace_ms}).result, "/drain"
        )
        return int(answer["running"])

    def follow_all(self, **query: object) -> Stream:
        """The events of all instances from now on; *filter* has the types that are wanted."""
        path = f"{self.endpoint.prefix}/workflows/-/subscribe{_query(query)}"
        return Stream(self.endpoint, self._responses, "GET", path)

    def wait_for_bulk_jobs(self) -> None:
        """Wait until what is done to all instances of workflows is done."""
        self._request("POST", "/bulk-jobs/wait")

    def back_up(self, target: str) -> None:
        """Write a copy of the state to the file *target*, while the host keeps running."""
        self._request("POST", "/state/backup", {"target": target})

    def vacuum(self) -> dict[str, Any]:
        """Give unused space of the state back; its size before and after, in bytes."""
        return self._responses.parse(as_object, self._request("POST", "/state/vacuum").result, "/state/vacuum")

    def create_token(self, token: dict[str, object]) -> Token:
        """Create a token. Only this answer has its secret."""
        from stepwell.models import Token

        return self._call(Token, "POST", "/tokens", token)

    def tokens(self) -> list[Token]:
        """Every token, those that are revoked included."""
        from stepwell.models import Token

        return self._list(Token, "/tokens")

    def find_token(self, secret: str) -> Token | None:
        """The token with this secret; None if it is unknown, revoked or expired."""
        from stepwell.models import Token

        path = "/tokens/find"
        found = self._responses.parse(as_object, self._request("POST", path, {"secret": secret}).result, path)["token"]
        return None if found is None else self._responses.parse(Token.model_validate, found, path)

    def revoke_token(self, token_id: str) -> Token:
        """Revoke a token."""
        from stepwell.models import Token

        return self._call(Token, "DELETE", f"/tokens/{quoted(token_id)}")

    def audit(self, limit: int) -> list[AuditEntry]:
        """The newest entries of the audit log."""
        from stepwell.models import AuditEntry

        return self._list(AuditEntry, f"/audit?limit={limit}")

    def export(self, workflow: str, instance_id: str, *, variables: str | None = None) -> bytes:
        """The instance as a run file. *variables*: ``true`` as they are, ``false`` not, None by their names."""
        query = _query({"account": self.endpoint.account, "vars": variables})
        return self._bytes("GET", f"/workflows/{quoted(workflow)}/instances/{quoted(instance_id)}/export{query}")

    def fork(self, workflow: str, fork: dict[str, object]) -> InstanceSummary:
        """Make an instance out of a run file: ``file``, ``instance_id``, ``from``, ``results`` and ``params``."""
        path = f"/workflows/{quoted(workflow)}/forks{_query({'account': self.endpoint.account})}"
        return self._call(InstanceSummary, "POST", path, fork)

    # Workflows --------------------------------------------------------------------------------------------------------

    def workflows(self, **query: object) -> list[WorkflowSummary]:
        """A page of workflows."""
        from stepwell.models import WorkflowSummary

        return self._list(WorkflowSummary, f"{self.endpoint.prefix}/workflows{_query(query)}")

    def workflow(self, name: str) -> WorkflowSummary:
        """One workflow."""
        from stepwell.models import WorkflowSummary

        return self._call(WorkflowSummary, "GET", self._workflow(name))

    def delete_workflow(self, name: str) -> dict[str, Any]:
        """Delete a workflow with its instances, in the background."""
        return self._object("DELETE", self._workflow(name))

    # Instances --------------------------------------------------------------------------------------------------------

    def instances(self, workflow: str, **query: object) -> InstancePage:
        """A page of instances, newest first unless *query* says otherwise."""
        path = f"{self._workflow(workflow)}/instances{_query(query)}"
        envelope = self._request("GET", path)
        page = {"instances": envelope.result, "result_info": envelope.result_info}
        return self._responses.parse(InstancePage.model_validate, page, path)

    def create(self, workflow: str, instance_id: str | None, params: object) -> InstanceSummary:
        """Make an instance; the host gives it an id where *instance_id* is None."""
        named = {} if instance_id is None else {"instance_id": instance_id}
        return self._call(InstanceSummary, "POST", f"{self._workflow(workflow)}/instances", {**named, "params": params})

    def instance(self, workflow: str, instance_id: str) -> InstanceDetail:
        """An instance with its steps."""
        from stepwell.models import InstanceDetail

        return self._call(InstanceDetail, "GET", self._instance(workflow, instance_id))

    def raw_instance(self, workflow: str, instance_id: str) -> dict[str, Any]:
        """The same, as the host wrote it."""
        return self._object("GET", self._instance(workflow, instance_id))

    def status_of(self, workflow: str, instance_id: str) -> InstanceStatus:
        """Its status and its params."""
        return self._call(InstanceStatus, "GET", f"{self._instance(workflow, instance_id)}?simple=true")

    def step(self, workflow: str, instance_id: str, **query: object) -> bytes | dict[str, Any]:
        """How a step stands, with its whole output; of a byte stream its bytes."""
        path = f"{self._instance(workflow, instance_id)}/step{_query(query)}"
        data = self._bytes("GET", path)
        if self._media != JSON:
            return data
        return self._responses.parse(as_object, self._responses.envelope(data, path).result, path)

    def change_status(self, workflow: str, instance_id: str, change: dict[str, object]) -> StatusChange:
        """Pause, resume, terminate or restart an instance."""
        from stepwell.models import StatusChange

        return self._call(StatusChange, "PATCH", f"{self._instance(workflow, instance_id)}/status", change)

    def skip_sleep(self, workflow: str, instance_id: str, step: str | None) -> StatusChange:
        """End a sleep, or the delay before a retry; all of them where *step* is None."""
        from stepwell.models import StatusChange

        body = {} if step is None else {"step": step}
        return self._call(StatusChange, "POST", f"{self._instance(workflow, instance_id)}/skip-sleep", body)

    def terminate_all(self, workflow: str, status: str | None) -> dict[str, Any]:
        """Terminate all unfinished instances, or those of one status, in the background."""
        return self._object("PUT", f"{self._workflow(workflow)}/instances/terminate{_query({'status': status})}")

    def send_event(self, workflow: str, instance_id: str, event_type: str, payload: object) -> SentEvent:
        """Send an event to an instance."""
        from stepwell.models import SentEvent

        path = f"{self._instance(workflow, instance_id)}/events/{quoted(event_type)}"
        return self._call(SentEvent, "POST", path, payload)

    def delete(self, workflow: str, instance_ids: list[str]) -> DeletedBatch:
        """Delete instances."""
        from stepwell.models import DeletedBatch

        path = f"{self._workflow(workflow)}/instances/batch/delete"
        return self._call(DeletedBatch, "POST", path, {"instances": instance_ids})

    def subscribe(self, workflow: str, instance_id: str, cursor: int = 0) -> Subscription:
        """The instance's events after *cursor*, the past ones first, until its last."""
        return Subscription(
            self.endpoint, self._responses, "GET", f"{self._instance(workflow, instance_id)}/subscribe?cursor={cursor}"
        )

    # Requests ---------------------------------------------------------------------------------------------------------

    def _workflow(self, name: str) -> str:
        return f"{self.endpoint.prefix}/workflows/{quoted(name)}"

    def _instance(self, workflow: str, instance_id: str) -> str:
        return f"{self._workflow(workflow)}/instances/{quoted(instance_id)}"

    def _call(self, model: type[M], method: str, path: str, body: object = None) -> M:
        return self._responses.parse(model.model_validate, self._request(method, path, body).result, path)

    def _object(self, method: str, path: str) -> dict[str, Any]:
        return self._responses.parse(as_object, self._request(method, path).result, path)

    def _list(self, model: type[M], path: str) -> list[M]:
        result = self._request("GET", path).result
        return self._responses.parse(
            lambda items: [model.model_validate(item) for item in _as_list(items)], result, path
        )

    def _request(self, method: str, path: str, body: object = None) -> Envelope:
        return self._responses.envelope(self._bytes(method, path, body), path)

    def _bytes(self, method: str, path: str, body: object = None) -> bytes:
        was_open = self._connection is not None
        while True:
            try:
                return self._exchange(method, path, body)
            except HostLostError as error:
                self.close()
                if error.sent and method != "GET":
                    raise
                # A connection that has rested may have been closed. The host is gone if a new one fails too.
                if was_open:
                    was_open = False
                elif self.next_address is not None and isinstance(self.endpoint, UnixEndpoint):
                    self.endpoint = replace(self.endpoint, address=self.next_address(error))
                else:
                    raise

    def _exchange(self, method: str, path: str, body: object) -> bytes:
        connection = self._connection or self._connect(None)
        response, data = exchange(connection, self.endpoint, method, path, body)
        self._media = (response.getheader("content-type") or "").partition(";")[0]
        if response.status != http.client.OK:
            self._responses.refuse(response.status, data, path)
        return data

    def _connect(self, timeout: float | None) -> http.client.HTTPConnection:
        """Open the connection, and check that the host is the one that the endpoint names."""
        connection = self.endpoint.connect()
        kept = connection.timeout
        if timeout is not None:
            connection.timeout = timeout
        try:
            if isinstance(self.endpoint, UnixEndpoint):
                self._check_host(connection, self.endpoint)
        except HostLostError as error:
            connection.close()
            raise HostLostError(str(error), sent=False) from error
        except BaseException:
            connection.close()
            raise
        if connection.sock is not None:
            connection.sock.settimeout(kept)
        self._connection = connection
        return connection

    def _check_host(self, connection: http.client.HTTPConnection, endpoint: UnixEndpoint) -> None:
        path = "/host"
        response, data = exchange(connection, endpoint, "GET", path, None)
        if response.status != http.client.OK:
            self._responses.refuse(response.status, data, path)
        described = self._responses.parse(as_object, self._responses.envelope(data, path).result, path)
        self._responses.host_version = str(described.get("version", ""))
        if described.get("state_identity") != endpoint.address.identity:
            raise HostLostError("The host owns another state file.", sent=False)


def exchange(
    connection: http.client.HTTPConnection, endpoint: Endpoint, method: str, path: str, body: object
) -> tuple[http.client.HTTPResponse, bytes]:
    """Send a request, and read the whole response."""
    response = begin(connection, endpoint, method, path, body, JSON)
    try:
        return response, response.read()
    except (OSError, http.client.HTTPException) as error:
        raise endpoint.lost(error, sent=True) from error


def begin(  # noqa: PLR0913, PLR0917 - what a request is made of
    connection: http.client.HTTPConnection, endpoint: Endpoint, method: str, path: str, body: object, accept: str
) -> http.client.HTTPResponse:
    """Send a request, and read the head of its response."""
    try:
        send(connection, method, path, body, {**endpoint.headers, "accept": accept})
    except (OSError, http.client.HTTPException) as error:
        raise endpoint.lost(error, sent=False) from error
    try:
        return connection.getresponse()
    except (OSError, http.client.HTTPException) as error:
        raise endpoint.lost(error, sent=True) from error


class Stream:
    """
    Lines of JSON that come as long as the stream is open.

    It has a connection of its own, so that requests can be made while it is read.
    """

    def __init__(
        self, endpoint: Endpoint, responses: ResponseParser, method: str, path: str, body: object = None
    ) -> None:
        self._endpoint = endpoint
        self._responses = responses
        self._connection = endpoint.connect()
        self._request = (method, path, body)

    def lines(self) -> Iterator[bytes]:
        """Read it; another thread may close it meanwhile."""
        method, path, body = self._request
        try:
            response = begin(self._connection, self._endpoint, method, path, body, LINES)
            if response.status != http.client.OK:
                self._responses.refuse(response.status, response.read(), path)
            if self._connection.sock is not None:
                # From now on silence means that nothing happens.
                self._connection.sock.settimeout(None)
            while line := response.readline():
                # A host that has nothing to say sends an empty line now and then.
                if line != b"\n":
                    yield line
        except (OSError, http.client.HTTPException) as error:
            raise self._endpoint.lost(error, sent=True) from error
        finally:
            self._connection.close()

    def close(self) -> None:
        """End it at once, also under a thread that is reading it."""
        shut_down(self._connection)


class Subscription(Stream):
    """The events of an instance. While it is open it keeps the host alive."""

    def __iter__(self) -> Iterator[Event]:
        """Read it; another thread may close it meanwhile."""
        for line in self.lines():
            yield self._responses.parse(Event.model_validate_json, line, self._request[1])


def _query(query: dict[str, object]) -> str:
    given = {key: value for key, value in query.items() if value is not None}
    return f"?{urlencode(given, doseq=True)}" if given else ""


def _as_list(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]
