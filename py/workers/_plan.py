"""What a step is configured with: from what people write to what the engine reads, and the functions among it."""

from __future__ import annotations

import json
import math
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypedDict

from _workflows_bridge.calls import RollbackHandler
from _workflows_bridge.errors import from_wire
from _workflows_bridge.plain import check_depth
from _workflows_bridge.proxies import from_js, is_proxy
from _workflows_bridge.values import decode, encode

from ._handlers import by_name
from ._timing import JAVASCRIPT_NUMBERS, a_kind, milliseconds

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from _workflows_bridge.calls import Delay, RollbackContext
    from _workflows_bridge.values import JsDict

    from ._timing import Duration


class RetryConfig(TypedDict, total=False):
    """How often and when a failed step is tried again."""

    limit: int | float
    delay: Duration | Callable[..., Duration | Awaitable[Duration]]
    backoff: Literal["constant", "linear", "exponential"]


class StepConfig(TypedDict, total=False):
    """Configuration of a step."""

    retries: RetryConfig
    timeout: Duration
    sensitive: Literal["output"]
    progress: int
    """How many of the items that the step reports are kept, the newest ones."""


class RollbackConfig(TypedDict, total=False):
    """Configuration of a rollback handler."""

    retries: RetryConfig
    timeout: Duration


class Plan(NamedTuple):
    """Everything that a step is configured with."""

    config: str | None
    """JSON text; None where the user has configured nothing."""
    delay: Delay | None
    rollback: RollbackHandler | None


NO_PLAN = Plan(None, None, None)
"""Of a step where the user has configured nothing."""

_DYNAMIC = "[dynamic]"
"""Stands for a delay function, which cannot be stored."""


def config_to_wire(config: object, step: str) -> tuple[str | None, Delay | None]:
    """
    *config* as JSON text, or None where there is nothing in it, and its delay function.

    The engine checks it. What JSON has not is told as what it is, for the engine's complaint: ``{"$": "a function"}``.
    """
    return _split(config, step, f'The delay function for step "{step}"')


def rollback_to_wire(rollback: object, config: object, step: str) -> RollbackHandler | None:
    """The rollback handler of *step*, or None."""
    if rollback is None:
        if config is not None:
            raise refusal(f'Rollback for "{step}" must be a function')
        return None
    if not callable(rollback):
        raise refusal(f'Rollback for "{step}" must be a function')
    text, _ = _split(config, step, "")
    call = by_name(rollback, ("ctx", "error", "output", "step_name"), f'The rollback of step "{step}"')

    async def perform(rollback: RollbackContext) -> str:
        context, error, output = rollback
        values = {
            "ctx": context,
            "error": from_wire(error),
            "output": None if output is None else decode(output),
            "step_name": f"{context.step.name}-{context.step.count}",
        }
        return encode(await call(values))

    return RollbackHandler(text, perform)


def refusal(message: str) -> Exception:
    """What a step is refused with that is not what a step can be, as in JavaScript."""
    return from_wire({"name": "WorkflowFatalError", "message": message})


def _split(config: object, step: str, function: str) -> tuple[str | None, Delay | None]:
    config = from_js(config)
    if config is None or config == {}:
        return None, None
    check_depth(config, f'The configuration of "{step}"')
    retries: Any = config.get("retries") if isinstance(config, dict) else None
    delay = retries.get("delay") if isinstance(retries, dict) else None
    # A function of JavaScript's would be called in a way that it does not know; the engine refuses it.
    if not (function and callable(delay)) or is_proxy(delay):
        return _to_text(config), None
    return _to_text({**config, "retries": {**retries, "delay": _DYNAMIC}}), _delayer(delay, function)  # type: ignore[dict-item]


def _to_text(config: object) -> str:
    return json.dumps(_to_wire(config), separators=(",", ":"))


def _delayer(function: Callable[..., Any], what: str) -> Delay:
    call = by_name(function, ("ctx", "error"), what)

    async def delay(context: JsDict, error: BaseException, _wire: dict[str, Any]) -> object:
        result = await call({"ctx": context, "error": error})
        return milliseconds(result) if isinstance(result, timedelta) else result

    return delay


def _to_wire(value: Any) -> object:  # noqa: ANN401 - what users write
    if isinstance(value, dict):
        return {str(key): _to_wire(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_to_wire(item) for item in value]
    if isinstance(value, timedelta):
        return milliseconds(value)
    if isinstance(value, float) and not math.isfinite(value):
        # The engine takes the word for a limit.
        return JAVASCRIPT_NUMBERS[str(value)]
    if value is None or isinstance(value, str | int | float):
        return value
    # The engine says what is allowed in its place.
    return {"$": "a function" if callable(value) else a_kind(value)}
