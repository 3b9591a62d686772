"""Errors that the adapter raises in ``run()``. Each one says what to do."""

from __future__ import annotations

from pydantic_ai.exceptions import UserError

__all__ = ["MissingScopeError", "ReplayDivergedError", "ResultNotStorableError"]


class MissingScopeError(UserError):
    """An agent with `WorkflowsDurability` runs in a workflow whose ``run`` lacks ``@durable_agents``."""


class ReplayDivergedError(UserError):
    """A replay asked for something else than the recorded run: the agent has changed in between."""


class ResultNotStorableError(UserError):
    """A step gave a value that cannot be stored, for example an open file or an object of an unknown class."""
