"""
The host's HTTP interface over its Unix socket.

What a run seldom asks for imports its model when it is called: pydantic takes longer to import than all the rest.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar
from urllib.parse import quote, urlencode

from pydantic_core import ValidationError

from stepwell.exceptions import ApiError, HostLostError, InternalError
from stepwell.responses import Deployed, Envelope, Event, InstancePage, InstanceStatus, InstanceSummary, as_object

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stepwell.models import DeletedBatch, HostInfo, InstanceDetail, SentEvent, StatusChange, WorkflowSummary

SERVER_ERROR = 500


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

    Every method raises `ApiError` for a refusal and `HostLostError` when the host is gone.
    """

    def __init__(self, socket_path: str) -> None:
        self._socket_path = socket_path
        self._connection: _UnixConnection | None = None

    def ping(self, patience: float) -> bool:
        """Whether a host answers within *patience* seconds."""
        self._connection = _UnixConnection(self._socket_path)
        self._connection.timeout = patience
        try:
            self._request("GET", "/host")
        except HostLostError:
            return False
        self._connection.sock.settimeout(None)
        return True

    def close(self) -> None:
        """Close the connection; a later request opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def host(self) -> HostInfo:
        """What runs there."""
        from stepwell.models import HostInfo

        return self._call(HostInfo, "GET", "/host")

    def deploy(self, deployment: dict[str, object]) -> Deployed:
        """Load the code and register its workflows."""
        return self._call(Deployed, "POST", "/deployments", deployment)

    def workflows(self) -> list[WorkflowSummary]:
        """Every workflow of the state."""
        from pydantic import TypeAdapter

        from stepwell.models import WorkflowSummary

        path = "/workflows"
        return _parse(TypeAdapter(list[WorkflowSummary]).validate_python, self._request("GET", path).result, path)

    def workflow(self, name: str) -> WorkflowSummary:
        """One workflow."""
        from stepwell.models import WorkflowSummary

        return self._call(WorkflowSummary, "GET", f"/workflows/{quote(name, safe='')}")

    def instances(self, workflow: str, **query: object) -> InstancePage:
        """A page of instances, newest first unless *query* says otherwise."""
        given = {key: value for key, value in query.items() if value is not None}
        path = f"/workflows/{quote(workflow, safe='')}/instances?{urlencode(given)}"
        envelope = self._request("GET", path)
        page = {"instances": envelope.result, "result_info": envelope.result_info}
        return _parse(InstancePage.model_validate, page, path)

    def create(self, workflow: str, instance_id: str, params: object) -> InstanceSummary:
        """Make an instance."""
        body = {"instance_id": instance_id, "params": params}
        return self._call(InstanceSummary, "POST", f"/workflows/{quote(workflow, safe='')}/instances", body)

    def instance(self, workflow: str, instance_id: str) -> InstanceDetail:
        """An instance with its steps."""
        from stepwell.models import InstanceDetail

        return self._call(InstanceDetail, "GET", _path(workflow, instance_id))

    def raw_instance(self, workflow: str, instance_id: str) -> dict[str, Any]:
        """The same, as the host wrote it."""
        path = _path(workflow, instance_id)
        return _parse(as_object, self._request("GET", path).result, path)

    def status_of(self, workflow: str, instance_id: str) -> InstanceStatus:
        """Its status and its params."""
        return self._call(InstanceStatus, "GET", _path(workflow, instance_id))

    def export(self, workflow: str, instance_id: str, *, with_vars: bool) -> bytes:
        """The instance as the bytes of a run file."""
        path = f"{_path(workflow, instance_id)}/export"
        return self._bytes("GET", path if with_vars else f"{path}?vars=false")

    def fork(self, workflow: str, fork: dict[str, object]) -> InstanceSummary:
        """Make an instance out of a run file: ``file``, ``instance_id``, ``from``, ``results`` and ``params``."""
        return self._call(InstanceSummary, "POST", f"/workflows/{quote(workflow, safe='')}/forks", fork)

    def change_status(self, workflow: str, instance_id: str, change: dict[str, object]) -> StatusChange:
        """Pause, resume, terminate or restart an instance."""
        from stepwell.models import StatusChange

        return self._call(StatusChange, "PATCH", f"{_path(workflow, instance_id)}/status", change)

    def send_event(self, workflow: str, instance_id: str, event_type: str, payload: object) -> SentEvent:
        """Send an event to an instance."""
        from stepwell.models import SentEvent

        return self._call(
            SentEvent,
            "POST",
            f"{_path(workflow, instance_id)}/events/{quote(event_type, safe='')}",
            payload,
        )

    def delete(self, workflow: str, instance_ids: list[str]) -> DeletedBatch:
        """Delete instances."""
        from stepwell.models import DeletedBatch

        path = f"/workflows/{quote(workflow, safe='')}/instances/batch/delete"
        return self._call(DeletedBatch, "POST", path, {"instances": instance_ids})

    def subscribe(self, workflow: str, instance_id: str, cursor: int = 0) -> Subscription:
        """The instance's events after *cursor*, the past ones first, until its last."""
        return Subscription(self._socket_path, f"{_path(workflow, instance_id)}/subscribe?cursor={cursor}")

    def _call(self, model: type[M], method: str, path: str, body: object = None) -> M:
        return _parse(model.model_validate, self._request(method, path, body).result, path)

    def _request(self, method: str, path: str, body: object = None) -> Envelope:
        return _parse_envelope(self._bytes(method, path, body), path)

    def _bytes(self, method: str, path: str, body: object = None) -> bytes:
        if self._connection is None:
            self._connection = _UnixConnection(self._socket_path)
        try:
            response = _send(self._connection, method, path, body)
            data = response.read()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise HostLostError(f"The host process ended ({str(error) or type(error).__name__}).", sent=True) from error
        except HostLostError:
            self.close()
            raise
        if response.status != http.client.OK:
            _refuse(response.status, data, path)
        return data


class Subscription:
    """
    A stream of events, on a connection of its own, so that requests can be made while it is read.

    While it is open it keeps the host alive.
    """

    def __init__(self, socket_path: str, path: str) -> None:
        self._connection = _UnixConnection(socket_path)
        self._path = path

    def __iter__(self) -> Iterator[Event]:
        """Read it; another thread may close it meanwhile."""
        try:
            response = _send(self._connection, "GET", self._path, None)
            if response.status != http.client.OK:
                _refuse(response.status, response.read(), self._path)
            while line := response.readline():
                try:
                    yield Event.model_validate_json(line)
                except ValidationError as error:
                    raise InternalError(f"The host sent an event that is not one: {line!r} ({error})") from error
        except (OSError, http.client.HTTPException) as error:
            raise HostLostError(f"The host process ended ({error}).", sent=True) from error
        finally:
            self._connection.close()

    def close(self) -> None:
        """End it at once, also under a thread that is reading it."""
        self._connection.shut_down()


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=None)
        self._path = path

    def connect(self) -> None:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(self.timeout)
        try:
            connection.connect(self._path)
        except OSError as error:
            connection.close()
            raise HostLostError(f"Nobody answers at {self._path} ({error.strerror}).", sent=False) from error
        self.sock = connection

    def shut_down(self) -> None:
        """End the connection under whoever is reading from it."""
        if isinstance(self.sock, socket.socket):
            with contextlib.suppress(OSError):
                self.sock.shutdown(socket.SHUT_RDWR)


def _send(connection: _UnixConnection, method: str, path: str, body: object) -> http.client.HTTPResponse:
    headers = {}
    data = None
    if method != "GET":
        data = json.dumps(body, ensure_ascii=False, allow_nan=False).encode()
        headers["content-type"] = "application/json"
    connection.request(method, path, body=data, headers=headers)
    return connection.getresponse()


def _path(workflow: str, instance_id: str) -> str:
    return f"/workflows/{quote(workflow, safe='')}/instances/{quote(instance_id, safe='')}"


def _refuse(status: int, data: bytes, path: str) -> None:
    envelope = _parse_envelope(data, path)
    error = envelope.errors[0] if envelope.errors else None
    if error is None or (status >= SERVER_ERROR and error.reason != "state.stopped"):
        message = error.message if error else data.decode(errors="replace")
        detail = f"\n{error.traceback}" if error and error.traceback else ""
        raise InternalError(f"The host failed at {path}: {message}{detail}")
    if status >= SERVER_ERROR:
        raise HostLostError(f"The host stopped: {error.message}.", sent=True)
    raise ApiError(error.message, code=error.code, reason=error.reason or "", traceback=error.traceback)


def _parse_envelope(data: bytes, path: str) -> Envelope:
    try:
        return Envelope.model_validate_json(data)
    except ValidationError as error:
        raise InternalError(f"The host's answer to {path} is not one: {data[:500]!r} ({error})") from error


def _parse(parse: Callable[[object], T], result: object, path: str) -> T:
    try:
        return parse(result)
    except ValidationError as error:
        raise InternalError(f"The host's answer to {path} does not fit: {error}") from error
