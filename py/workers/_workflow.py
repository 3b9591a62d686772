"""Workflows: the class that users derive from, and what its instances are given."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from _workflows_bridge.values import JsDict, decode

from ._payload import to_typed

if TYPE_CHECKING:
    from ._context import ExecutionContext
    from ._env import Env
    from ._step import WorkflowStep

__all__ = ["WorkflowEntrypoint", "WorkflowEvent"]

WorkflowEvent = JsDict
"""``payload``, ``timestamp``, ``instanceId``, ``workflowName`` and, where a schedule created it, ``schedule``."""


class WorkflowEntrypoint:
    """
    A workflow: derive from it and define ``run``.

    ``run`` is called again from its beginning whenever the instance goes on; steps that have finished give their stored
    results then. What must happen once belongs in a step.
    """

    env: Any
    """Variables and bindings. A Worker may declare it with a Protocol of its own, for editors."""

    def __init__(self, ctx: ExecutionContext, env: Env) -> None:
        self.ctx = ctx
        self.env = env

    def run(self, event: WorkflowEvent, step: WorkflowStep) -> Any:  # noqa: ANN401 - sync or async, any result
        """Do the work. Replace it, by ``async def run`` as a rule."""
        raise NotImplementedError(f"{type(self).__name__} has no run(self, event, step).")


def to_event(data: dict[str, Any], payload: str, kind: Any = None) -> WorkflowEvent:  # noqa: ANN401 - a type
    """
    The event that ``run`` gets: *data* of the engine, with the canonical text of the payload.

    Raises:
        PayloadError: The payload is not a *kind*.
    """
    event = JsDict(
        payload=decode(payload) if kind is None else to_typed(kind, decode(payload)),
        timestamp=datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=data["timestamp"]),
        instanceId=data["instanceId"],
        workflowName=data["workflowName"],
    )
    if "schedule" in data:
        event["schedule"] = JsDict(data["schedule"])
    return event
