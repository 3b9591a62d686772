"""
The host's HTTP interface, over a state's Unix socket or over the network.

What a run seldom asks for imports its model when it is called: pydantic takes longer to import than all the rest.
"""

from __future__ import annotations

import http.client
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar
from urllib.parse import quote, urlencode

from pydantic_core import ValidationError

from stepwell.exceptions import ApiError, HostLostError, InputError, InternalError
from stepwell.http_connection import DEFAULT_ACCOUNT, Endpoint, UnixEndpoint, send, shut_down
from stepwell.responses import Deployed, Envelope, Event, InstancePage, InstanceStatus, InstanceSummary, as_object

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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

SERVER_ERROR = 500
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
T = TypeVar("T")


class Client:
    """
    One connection to a host, made at the first request and kept.

    Every method raises `ApiError` for a refusal. When the host is gone it raises `HostLostError`, or `InputError` where
    the host is a server in the network.

    Args:
        endpoint: Where the host is; a text is the path of its Unix socket.
    """

    def __init__(self, endpoint: Endpoint | str) -> None:
        self.endpoint: Endpoint = UnixEndpoint(endpoint) if isinstance(endpoint, str) else endpoint
        self._connection: http.client.HTTPConnection | None = None

    def ping(self, patience: float) -> bool:
        """Whether a host answers within *patience* seconds."""
        self._connection = self.endpoint.connect()
        kept = self._connection.timeout
        self._connection.timeout = patience
        try:
            self._request("GET", "/host")
        except (HostLostError, InputError):
            return False
        self._connection.sock.settimeout(kept)
        return True

    def close(self) -> None:
        """Close the connection; a later request opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def of_account(self, account: str | None) -> Client:
        """A client of the same host for another account; None means the default account."""
        return Client(replace(self.endpoint, account=account or DEFAULT_ACCOUNT))

    # The host, over its Unix socket only ------------------------------------------------------------------------------

    def host(self) -> HostInfo:
        """What runs there."""
        from stepwell.models import HostInfo

        return self._call(HostInfo, "GET", "/host")

    def deploy(self, deployment: dict[str, object]) -> Deployed:
        """Load the code and register its workflows."""
        return self._call(Deployed, "POST", "/deployments", deployment)

    def listen(self, listener: dict[str, object]) -> Stream:
        """Have the host listen in the network, as long as the stream is open. Its first line says where."""
        return Stream(self.endpoint, "POST", "/listeners", listener)

    def back_up(self, target: str) -> None:
        """Write a copy of the state to the file *target*, while the host goes on."""
        self._request("POST", "/state/backup", {"target": target})

    def vacuum(self) -> dict[str, Any]:
        """Give unused space of the state back; its size before and after, in bytes."""
        return _parse(as_object, self._request("POST", "/state/vacuum").result, "/state/vacuum")

    def create_token(self, token: dict[str, object]) -> Token:
        """Create a token. Only this answer has its secret."""
        from stepwell.models import Token

        return self._call(Token, "POST", "/tokens", token)

    def tokens(self) -> list[Token]:
        """Every token, those that are revoked included."""
        from stepwell.models import Token

        return self._list(Token, "/tokens")

    def revoke_token(self, token_id: str) -> Token:
        """Revoke a token."""
        from stepwell.models import Token

        return self._call(Token, "DELETE", f"/tokens/{quote(token_id, safe='')}")

    def audit(self, limit: int) -> list[AuditEntry]:
        """The newest entries of the audit log."""
        from stepwell.models import AuditEntry

        return self._list(AuditEntry, f"/audit?limit={limit}")

    def export(self, workflow: str, instance_id: str, *, with_vars: bool) -> bytes:
        """The instance as the bytes of a run file."""
        path = f"/workflows/{quote(workflow, safe='')}/instances/{quote(instance_id, safe='')}/export"
        return self._bytes("GET", path if with_vars else f"{path}?vars=false")

    def fork(self, workflow: str, fork: dict[str, object]) -> InstanceSummary:
        """Make an instance out of a run file: ``file``, ``instance_id``, ``from``, ``results`` and ``params``."""
        return self._call(InstanceSummary, "POST", f"/workflows/{quote(workflow, safe='')}/forks", fork)

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
        return _parse(InstancePage.model_validate, page, path)

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

    def step(self, workflow: str, instance_id: str, **query: object) -> tuple[bytes, bool]:
        """The whole output of a step; and whether it is a byte stream's bytes rather than the envelope's JSON."""
        path = f"{self._instance(workflow, instance_id)}/step{_query(query)}"
        data = self._bytes("GET", path)
        return data, self._media != JSON

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

        path = f"{self._instance(workflow, instance_id)}/events/{quote(event_type, safe='')}"
        return self._call(SentEvent, "POST", path, payload)

    def delete(self, workflow: str, instance_ids: list[str]) -> DeletedBatch:
        """Delete instances."""
        from stepwell.models import DeletedBatch

        path = f"{self._workflow(workflow)}/instances/batch/delete"
        return self._call(DeletedBatch, "POST", path, {"instances": instance_ids})

    def subscribe(self, workflow: str, instance_id: str, cursor: int = 0) -> Subscription:
        """The instance's events after *cursor*, the past ones first, until its last."""
        return Subscription(self.endpoint, "GET", f"{self._instance(workflow, instance_id)}/subscribe?cursor={cursor}")

    # Requests ---------------------------------------------------------------------------------------------------------

    def _workflow(self, name: str) -> str:
        return f"{self.endpoint.prefix}/workflows/{quote(name, safe='')}"

    def _instance(self, workflow: str, instance_id: str) -> str:
        return f"{self._workflow(workflow)}/instances/{quote(instance_id, safe='')}"

    def _call(self, model: type[M], method: str, path: str, body: object = None) -> M:
        return _parse(model.model_validate, self._request(method, path, body).result, path)

    def _object(self, method: str, path: str) -> dict[str, Any]:
        return _parse(as_object, self._request(method, path).result, path)

    def _list(self, model: type[M], path: str) -> list[M]:
        result = self._request("GET", path).result
        return _parse(lambda items: [model.model_validate(item) for item in _as_list(items)], result, path)

    def _request(self, method: str, path: str, body: object = None) -> Envelope:
        return _parse_envelope(self._bytes(method, path, body), path)

    def _bytes(self, method: str, path: str, body: object = None) -> bytes:
        if self._connection is None:
            self._connection = self.endpoint.connect()
        try:
            response = send(self._connection, method, path, body, {**self.endpoint.headers, "accept": JSON})
            data = response.read()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise self.endpoint.lost(error) from error
        except HostLostError:
            self.close()
            raise
        self._media = (response.getheader("content-type") or "").partition(";")[0]
        if response.status != http.client.OK:
            _refuse(response.status, data, path)
        return data


class Stream:
    """
    Lines of JSON that come as long as the stream is open.

    It has a connection of its own, so that requests can be made while it is read.
    """

    def __init__(self, endpoint: Endpoint, method: str, path: str, body: object = None) -> None:
        self._endpoint = endpoint
        self._connection = endpoint.connect()
        self._request = (method, path, body)

    def lines(self) -> Iterator[bytes]:
        """Read it; another thread may close it meanwhile."""
        method, path, body = self._request
        try:
            response = send(self._connection, method, path, body, {**self._endpoint.headers, "accept": LINES})
            if response.status != http.client.OK:
                _refuse(response.status, response.read(), path)
            if self._connection.sock is not None:
                # From now on silence means that nothing happens.
                self._connection.sock.settimeout(None)
            while line := response.readline():
                # A host that has nothing to say sends an empty line now and then.
                if line != b"\n":
                    yield line
        except (OSError, http.client.HTTPException) as error:
            raise self._endpoint.lost(error) from error
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
            try:
                yield Event.model_validate_json(line)
            except ValidationError as error:
                raise InternalError(f"Malformed event from the host: {line!r} ({error})") from error


def _query(query: dict[str, object]) -> str:
    given = {key: value for key, value in query.items() if value is not None}
    return f"?{urlencode(given)}" if given else ""


def _as_list(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _refuse(status: int, data: bytes, path: str) -> None:
    envelope = _parse_envelope(data, path)
    error = envelope.errors[0] if envelope.errors else None
    if error is None or (status >= SERVER_ERROR and error.reason != "state.stopped"):
        message = error.message if error else data.decode(errors="replace")
        detail = f"\n{error.traceback}" if error and error.traceback else ""
        raise InternalError(f"The host failed at {path}: {message}{detail}")
    if status >= SERVER_ERROR:
        raise HostLostError(f"The host stopped: {error.message}.", sent=True)
    # Programs read the code from `reason`; people need the sentence.
    message = re.sub(r"^\((?:\w+\.)?\w+\) ", "", error.message)
    raise ApiError(message, code=error.code, reason=error.reason or "", traceback=error.traceback)


def _parse_envelope(data: bytes, path: str) -> Envelope:
    try:
        return Envelope.model_validate_json(data)
    except ValidationError as error:
        raise InternalError(f"Malformed response from the host for {path}: {data[:500]!r} ({error})") from error


def _parse(parse: Callable[[object], T], result: object, path: str) -> T:
    try:
        return parse(result)
    except ValidationError as error:
        raise InternalError(f"Unexpected response from the host for {path}: {error}") from error
