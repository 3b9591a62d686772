"""The arguments of the user's functions: callbacks, rollback handlers and delay functions."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from .calls import RollbackContext
from .errors import from_wire
from .values import JsDict, encode

if TYPE_CHECKING:
    from asyncio import Future

    from .batch import Message
    from .calls import Call
    from .session import Session

__all__ = ["StepContext", "ask_delay", "rollback_context", "step_context", "to_context"]


class StepContext(JsDict):
    """What the callback of a step gets: data, and what the callback can do with its attempt."""

    __slots__ = ("_attempt",)
    _attempt: tuple[Session, int, int]

    def report_progress(self, item: object, /) -> Future[None]:
        """
        Report *item* to all who follow the instance. What is awaited, if anything, is that it is durable.

        Raises:
            NotSerializableError: *item* cannot be stored.
        """
        session, ref, attempt = self._attempt
        value = encode(item, "progress")
        future = session.exchange({"type": "progress", "step": ref, "attempt": attempt, "value": value})
        # Most callers do not wait for it, and a refusal is for those that do.
        future.add_done_callback(_retrieve)
        return future


def _retrieve(future: Future[Any]) -> None:
    if not future.cancelled():
        future.exception()


def to_context(call: Call, attempt: int, config: str) -> JsDict:
    """Make the context of a function. *config* is JSON text, of a whole configuration."""
    full = json.loads(config, object_hook=JsDict)
    if full["retries"]["limit"] == "Infinity":
        full["retries"]["limit"] = float("inf")
    return JsDict(step=JsDict(name=call.name, count=call.count), attempt=attempt, config=full)


def step_context(session: Session, call: Call, attempt: int) -> StepContext:
    """Make the context of a callback."""
    context = StepContext(to_context(call, attempt, call.config))
    object.__setattr__(context, "_attempt", (session, call.ref, attempt))
    return context


def rollback_context(call: Call) -> RollbackContext:
    """Make what the rollback handler of *call* gets."""
    step = call.order["rollback"]
    context = to_context(call, step["attempt"], json.dumps(step["config"]))
    return RollbackContext(context, step["error"], call.order.get("value"))


async def ask_delay(call: Call, message: Message) -> Message:
    """
    Ask the delay function of *call*, as the ``delay`` *message* of the engine wants.

    Returns:
        ``{"delay": ...}``, in ms or text, or ``{"failure": text}`` where it gives what is no delay.
    """
    wire = message.get("error") or call.failure or {"name": "Error", "message": ""}
    error = from_wire(wire)
    context = to_context(call, message["attempt"], json.dumps(message["config"]))
    delay = await call.delay(context, error, wire) if call.delay else _static_delay(call)
    return {"delay": delay} if _is_delay(delay) else {"failure": f"{_INVALID}: {delay!r}"}


_INVALID = 'returned an invalid delay value (expected a number of ms or a duration string like "30 seconds")'


def _static_delay(call: Call) -> object:
    """The code has no delay function any more, where the log says that it had one."""
    config: Message = {} if call.user_config is None else json.loads(call.user_config)
    return config.get("retries", {}).get("delay")


def _is_delay(value: object) -> bool:
    return isinstance(value, str) or (
        isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    )
