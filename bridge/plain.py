"""What a message can hold of an object of the user's. The twin is `plain.js`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["UnsendableError", "check_depth"]

MAX_PLAIN_DEPTH = 64
"""What the engine takes at most. What is not deeper can be written as JSON without filling an interpreter's stack."""


class UnsendableError(TypeError):
    """The arguments of a call cannot be sent."""

    def __init__(self, what: str, problem: str) -> None:
        """Say of *what*, the beginning of the sentence, why it cannot be sent."""
        super().__init__(f"{what} cannot be sent: {problem}")


def check_depth(value: object, what: str) -> None:
    """
    Check that *value*, a message whose arguments are called *what*, is not nested too deep, or contains itself.

    Raises:
        UnsendableError: It is.
    """
    level = [value]
    # The message and its arguments are two levels of our own.
    for _ in range(MAX_PLAIN_DEPTH + 2):
        # Each part once: a list that holds itself twice would double with each level.
        level = list({id(part): part for each in level for part in _parts(each)}.values())
        if not level:
            return
    raise UnsendableError(what, f"nested deeper than {MAX_PLAIN_DEPTH} levels")


def _parts(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return dict.values(value)
    return value if isinstance(value, list | tuple) else ()
