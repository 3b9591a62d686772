"""Whether a replay asks for what the recorded run asked for."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from pydantic_ai.durable_exec import ModelRequestParams

from ._errors import ReplayDivergedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pydantic_ai.messages import ModelMessage

__all__ = ["check_replay", "question_of"]

TOOL_PARTS = ("tool-call", "tool-return", "retry-prompt")
REMEDY = (
    "Restart the instance, or restart it from an earlier step. For a change that must not reach instances that are "
    "under way, give the changed agent another name and let only new instances use it."
)


def question_of(params: Any) -> dict[str, Any]:  # noqa: ANN401 - of any operation
    """
    What a step is asked, as far as a replay must ask it again: JSON, stored beside the result.

    Texts are left out: instructions may hold the date, and a changed prompt does not change what was recorded.
    """
    if isinstance(params, ModelRequestParams):
        offered = params.model_request_parameters
        return {
            "tools": sorted(tool.name for tool in [*offered.function_tools, *offered.output_tools]),
            "conversation": _digest(_tool_parts(params.messages)),
        }
    call_id = getattr(getattr(params, "ctx", None), "tool_call_id", None)
    return {} if call_id is None else {"tool_call_id": call_id}


def check_replay(name: str, now: Mapping[str, Any], recorded: Mapping[str, Any], payload: object) -> None:
    """
    Compares what a replay asks with what was recorded.

    Args:
        name: The step.
        now: `question_of` what is asked now.
        recorded: The same of the recorded run.
        payload: The recorded result, encoded.

    Raises:
        ReplayDivergedError: The recorded result does not answer what is asked now.
    """
    if now.get("tool_call_id") != recorded.get("tool_call_id"):
        raise ReplayDivergedError(
            f"Step {name!r} was recorded for tool call {recorded.get('tool_call_id')!r}, and is replayed for "
            f"{now.get('tool_call_id')!r}. The agent's code has changed since. {REMEDY}"
        )
    tools_before, tools_now = recorded.get("tools", []), now.get("tools", [])
    if missing := sorted(_called_tools(payload) & (set(tools_before) - set(tools_now))):
        raise ReplayDivergedError(
            f"The recorded answer of {name!r} calls {_list(missing)}, which the agent no longer has. "
            f"Its tools were {_list(tools_before)}, and are {_list(tools_now)}. Give the tool back. {REMEDY}"
        )
    if now.get("conversation") != recorded.get("conversation"):
        changed = f" Its tools were {_list(tools_before)}, and are {_list(tools_now)}." * (tools_before != tools_now)
        raise ReplayDivergedError(
            f"The tool calls and results before {name!r} differ from the recorded ones: a tool was added, removed or "
            f"takes other arguments.{changed} {REMEDY}"
        )


def _tool_parts(messages: Iterable[ModelMessage]) -> list[list[Any]]:
    return [
        [getattr(part, name, None) for name in ("part_kind", "tool_name", "tool_call_id", "outcome")]
        for message in messages
        for part in message.parts
        if part.part_kind in TOOL_PARTS
    ]


def _called_tools(payload: object) -> set[str]:
    parts = payload.get("parts") if isinstance(payload, dict) else None
    return {part["tool_name"] for part in parts or () if part.get("part_kind") == "tool-call"}


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()[:16]


def _list(names: Iterable[str]) -> str:
    return ", ".join(repr(name) for name in names) or "none"
