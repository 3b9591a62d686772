"""Configuration of steps: what a capability says, what a tool's metadata says, and both together."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from pydantic_ai.exceptions import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic_ai.durable_exec import DurableOperationId

__all__ = ["METADATA_KEY", "StepConfig", "ToolConfig", "check_config"]

METADATA_KEY = "workflows"
"""The key of a tool's metadata that configures its step."""

StepConfig = dict[str, Any]
"""``retries``, ``timeout`` and ``sensitive`` of ``step.do``, as a workflow writes them."""


class Keys(TypedDict):
    """The known keys of a configuration, with those of the dictionaries inside it."""

    step: tuple[str, ...]
    retries: tuple[str, ...]


KEYS = Keys(step=("retries", "timeout", "sensitive"), retries=("limit", "delay", "backoff"))


def check_config(config: object, place: str) -> StepConfig:
    """
    Returns a copy of *config*; the engine checks the values.

    Args:
        config: A mapping, or None.
        place: Where it was written, for the error.

    Raises:
        UserError: It is not a mapping, or has an unknown key.
    """
    if config is None:
        return {}
    if not isinstance(config, dict):
        raise UserError(f"{place} must be a dict of step.do's config, not {type(config).__name__}.")
    _check_keys(config, KEYS["step"], place)
    if isinstance(config.get("retries"), dict):
        _check_keys(config["retries"], KEYS["retries"], f"{place}['retries']")
    return dict(config)


def _check_keys(config: Mapping[Any, Any], known: tuple[str, ...], place: str) -> None:
    for key in config:
        if key not in known:
            near = get_close_matches(str(key), known, 1)
            hint = f"Did you mean {near[0]!r}?" if near else f"Known keys: {', '.join(known)}."
            raise UserError(f"{place} has the unknown key {key!r}. {hint}")


class ToolConfig:
    """Resolves the configuration of a tool's step: the base, and the tool's own metadata over it."""

    def __init__(self, *, tool: StepConfig, mcp: StepConfig) -> None:
        """Keep the base configurations of tools, and of the tools of MCP servers."""
        self._tool = tool
        self._mcp = mcp

    def __call__(
        self, operation_id: DurableOperationId, tool: object | None, tool_name: str
    ) -> StepConfig | Literal[False]:
        """Gives the configuration; False if the tool is to run in ``run()`` itself, without a step."""
        base = self._mcp if getattr(operation_id, "toolset_kind", None) == "mcp" else self._tool
        definition = getattr(tool, "tool_def", None)
        own = (getattr(definition, "metadata", None) or {}).get(METADATA_KEY)
        if own is False:
            return False
        return {**base, **check_config(own, f"metadata[{METADATA_KEY!r}] of tool {tool_name!r}")}
