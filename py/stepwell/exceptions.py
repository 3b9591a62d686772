"""
What can go wrong, each class a different thing to do about it.

StepwellError
├── InputError          correct the request: a file, an option, the state's place
│   └── ApiError        the same, as the host's HTTP interface said it
├── HostLostError       the host process is gone: connect again
│   ├── HostStoppedError    the same, because a signal asked it to end
│   └── HostFencedError     the same, because another engine has taken its state over
└── InternalError       a fault of ours: report it
"""

from __future__ import annotations

__all__ = [
    "ApiError",
    "HostFencedError",
    "HostLostError",
    "HostStoppedError",
    "InputError",
    "InternalError",
    "StepwellError",
]


class StepwellError(Exception):
    """Anything this package raises on purpose."""


class InputError(StepwellError):
    """
    What was asked for cannot be done.

    Attributes:
        traceback: The traceback of the user's own code, where that is the cause.
    """

    def __init__(self, message: str, *, traceback: str | None = None) -> None:
        super().__init__(message)
        self.traceback = traceback


class ApiError(InputError):
    """
    A refusal by the host.

    Attributes:
        reason: Upstream's word for it, such as ``instance.not_found``; empty without one.
        code: Upstream's number for it.
    """

    def __init__(self, message: str, *, code: int, reason: str = "", traceback: str | None = None) -> None:
        super().__init__(message, traceback=traceback)
        self.code = code
        self.reason = reason


class HostLostError(StepwellError):
    """
    The host process ended, or closed the connection.

    Attributes:
        sent: Whether the request may have reached it.
    """

    def __init__(self, message: str, *, sent: bool) -> None:
        super().__init__(message)
        self.sent = sent


class HostFencedError(HostLostError):
    """Another engine continues the state of the host. The next host waits for its turn."""


class HostStoppedError(HostLostError):
    """The host process ended in good order, because a signal asked it to."""


class InternalError(StepwellError):
    """Something that cannot happen has happened."""
