"""Test doubles: objects of the test process that answer what workflows ask of their bindings."""

from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING, Any

from stepwell.testing.codec import decode, encode, error_to_wire

if TYPE_CHECKING:
    from collections.abc import Mapping

_VALUES = (str, int, float, bool, list, tuple, dict, bytes, type(None))


def is_variable(entry: object) -> bool:
    """Whether *entry* is the value of a variable, and not an object whose methods answer calls."""
    return isinstance(entry, _VALUES)


def answer_call(doubles: Mapping[tuple[str, str], object], call: Mapping[str, Any]) -> dict[str, object]:
    """Carry out a call of a double. Gives ``value`` or ``error`` as the host takes them."""
    try:
        double = doubles[call["main"], call["binding"]]
        method = getattr(double, call["method"], None)
        if not callable(method):
            raise AttributeError(f"The double of env.{call['binding']} has no method {call['method']}().")  # noqa: TRY004, TRY301
        result = method(*decode(call["args"]))
        if inspect.isawaitable(result):
            result = asyncio.run(_result_of(result))
        return {"value": encode(result, f"the result of {call['binding']}.{call['method']}()")}
    except Exception as error:  # noqa: BLE001 - whatever the test's object raises
        return {"error": error_to_wire(error)}


async def _result_of(awaitable: Any) -> Any:  # noqa: ANN401 - what the test's object gives
    return await awaitable
