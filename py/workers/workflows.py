"""Errors of workflows: those that user code raises, and those that a step, a wait or a run can end with."""

from __future__ import annotations

from _workflows_bridge.refusal import InvalidStepReadableStreamError, NotSerializableError

__all__ = [
    "InvalidStepReadableStreamError",
    "NonRetryableDelayError",
    "NonRetryableError",
    "NotSerializableError",
    "StepError",
    "WorkflowError",
    "WorkflowTimeoutError",
]


class NonRetryableError(Exception):
    """
    Raised in a step to say that trying again cannot help.

    Subclasses count too. Raised outside a step, it ends the run as every other exception does.
    """

    _retryable = False


class NonRetryableDelayError(NonRetryableError):
    """A step's delay function has failed; the step failed with it."""


class WorkflowError(Exception):
    """A call of a workflow's binding, or of an instance's, was refused."""

    code: int
    """Upstream's number for the reason."""
    reason: str
    """The reason in a word, such as ``"instance.not_found"``."""


class StepError(Exception):
    """A step failed with an exception whose class is not at hand here; `name` says which."""

    name: str
    """The class as people know it, e.g. ``"ValueError"``."""
    message: str

    def __init__(self, message: str = "", name: str = "Error") -> None:
        """Describe the failure."""
        super().__init__(message)
        self.message = message
        self.name = name


class WorkflowTimeoutError(Exception):
    """An attempt took longer than its timeout, or no event came in time."""
