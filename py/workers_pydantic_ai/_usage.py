"""The usage that the code of a step adds to its run, for example by an agent inside a tool."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pydantic_ai.durable_exec import JSON_CODEC
from pydantic_ai.usage import RunUsage

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["UsageOfStep", "add_recorded_usage"]

KEY = "usage"
"""Of a step's outcome."""


class UsageOfStep:
    """
    A copy of a run's usage for the code of one step.

    What the code adds to the copy is recorded with the step's result. The run gets it from there, in a replay too.

    Attributes:
        params: The operation's parameters, with the copy in their context.
    """

    def __init__(self, params: Any) -> None:  # noqa: ANN401 - of any operation
        """Copy the usage that *params* lead to. Operations without a tool's context change none."""
        ctx = getattr(params, "ctx", None)
        self._before: RunUsage = deepcopy(ctx.usage) if ctx else RunUsage()
        self._usage = deepcopy(self._before)
        self.params = replace(params, ctx=replace(ctx, usage=self._usage)) if ctx else params

    def recorded(self) -> dict[str, Any]:
        """The part of the step's outcome that says what was added; empty if nothing was."""
        added = self._usage - self._before
        if not added.has_values() and not added.unmeasured_requests:
            return {}
        return {KEY: JSON_CODEC.dump(RunUsage, added)}


def add_recorded_usage(params: Any, outcome: Mapping[str, Any]) -> None:  # noqa: ANN401 - of any operation
    """Adds to the run's usage, which *params* lead to, what the step has recorded in *outcome*."""
    if KEY in outcome:
        params.ctx.usage.incr(JSON_CODEC.load(RunUsage, outcome[KEY]))
