"""The stored form of a step's outcome: a payload, or an error that trying again cannot help."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic_ai.durable_exec import ToolsetCallToolId
from pydantic_ai.exceptions import ModelHTTPError, UserError

from ._errors import ResultNotStorableError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic_ai.durable_exec import DurableOperationId

__all__ = ["NotStorable", "describe_permanent", "raise_if_failed"]

WORTH_A_RETRY = frozenset({408, 409, 425, 429})
"""HTTP statuses below 500 after which the same request may succeed."""
LOWEST_SERVER_ERROR = 500


class NotStorable(Exception):  # noqa: N818 - internal: `raise_if_failed` raises what users see
    """The codec could not encode a result."""


def describe_permanent(error: Exception, operation_id: DurableOperationId, label: str | None) -> dict[str, Any] | None:
    """
    Describes *error* as data if trying again cannot help; None otherwise.

    As data it ends the attempts on every engine, and is the same exception in the run and in a replay: an exception
    that leaves a step on Cloudflare is not of its class any more.
    """
    if isinstance(error, NotStorable):
        what = f"Tool {label!r}" if isinstance(operation_id, ToolsetCallToolId) else "The step"
        return {"kind": "not_storable", "message": f"{what} returned a value that cannot be stored: {error} {STORABLE}"}
    if isinstance(error, ModelHTTPError):
        if error.status_code >= LOWEST_SERVER_ERROR or error.status_code in WORTH_A_RETRY:
            return None
        body = error.body if isinstance(error.body, str | dict | list | None) else str(error.body)
        return {"kind": "http", "status_code": error.status_code, "model_name": error.model_name, "body": body}
    if isinstance(error, UserError):
        return {"kind": "user", "message": str(error)}
    return None


STORABLE = "Return text, numbers, booleans, None, lists, dicts, dates, dataclasses or pydantic models."


def raise_if_failed(outcome: Mapping[str, Any]) -> None:
    """Raises the error that `describe_permanent` has described in *outcome*, if there is one."""
    error = outcome.get("error")
    if error is None:
        return
    if error["kind"] == "http":
        raise ModelHTTPError(error["status_code"], error["model_name"], error["body"])
    kind = ResultNotStorableError if error["kind"] == "not_storable" else UserError
    raise kind(error["message"])
