"""What can go wrong in a test of a workflow."""

from __future__ import annotations


class TestKitError(AssertionError):
    """Anything that the test kit raises on purpose. A test that does not expect it fails."""

    __test__ = False  # pytest would take the class for a test by its name


class WaitError(TestKitError):
    """A wait that cannot be met any more; the message names the status that forbids it."""


class ModifierError(TestKitError):
    """A modifier that contradicts another one, or whose step has never run."""


class UnfinishedError(TestKitError):
    """A test has left instances behind that run on."""


class RemoteError(Exception):
    """
    The error of a step or of a workflow whose class is not at hand in the test process.

    Attributes:
        name: The name of its class.
        message: What it says.
    """

    def __init__(self, name: str, message: str) -> None:
        super().__init__(f"{name}: {message}")
        self.name = name
        self.message = message
