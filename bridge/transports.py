"""The two ways on which Python's steps reach their session. They mean the same; see ``WorkflowStep`` in `step.js`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from .step import JsStep, JsTransport
from .values import decode

if TYPE_CHECKING:
    from asyncio import Future
    from collections.abc import Callable

    from .calls import Delay, Perform, Read, RollbackHandler, Write
    from .session import Session


class Transport(Protocol):
    """What `workers` makes its calls on."""

    @property
    def js(self) -> Any:  # noqa: ANN401 - a JsProxy has no static type
        """The steps as JavaScript's `WorkflowStep`."""

    def do(  # noqa: PLR0913 - what a step consists of
        self,
        name: str,
        config: str | None,
        perform: Perform,
        read: Read = decode,
        *,
        bare: bool = False,
        write: Write,
        delay: Delay | None = None,
        rollback: RollbackHandler | None = None,
    ) -> Future[Any]:
        """See `Session.do`."""

    def sleep(self, name: str, *, duration: object = None, until: object = None) -> Future[Any]:
        """See `Session.sleep`."""

    def wait_for_event(self, name: str, event_type: str, timeout: object = None) -> Future[Any]:
        """See `Session.wait_for_event`."""

    def fetch_output(self, name: str, count: int) -> Future[Any]:
        """See `Session.fetch_output`."""

    def close(self) -> None:
        """Release every proxy."""


class BatchedTransport:
    """Calls the session itself: no crossing but those of the batches."""

    def __init__(self, session: Session) -> None:
        """Make calls on *session*."""
        self._session = session
        self._js: JsStep | None = None
        self.do = session.do
        self.sleep = session.sleep
        self.wait_for_event = session.wait_for_event
        self.fetch_output = session.fetch_output

    @property
    def js(self) -> Any:  # noqa: ANN401 - a JsProxy has no static type
        """Made when first asked for."""
        if self._js is None:
            self._js = JsStep(self._session)
        return self._js.proxy

    def close(self) -> None:
        """Release the proxies of `js`."""
        if self._js is not None:
            self._js.close()
            self._js = None


def open_transport(session: Session, name: str) -> Transport:
    """Make the transport called *name*."""
    transports: dict[str, Callable[[Session], Transport]] = {"batched": BatchedTransport, "js": JsTransport}
    if name not in transports:
        msg = f"There is no transport {name!r}. Transports: {', '.join(transports)}."
        raise ValueError(msg)
    return transports[name](session)
