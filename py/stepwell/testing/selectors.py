"""How a test names a step: by its name, by upstream's ``{"name": ..., "index": ...}``, or as a tuple."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    StepSelector = str | tuple[str, int] | Mapping[str, Any]
    """The name; the name and the index; or both in a dict. The index counts steps of a name, from 1."""


def to_selector(step: StepSelector) -> dict[str, object]:
    """
    *step* as the host takes it.

    Raises:
        TypeError: It does not name a step.
    """
    if isinstance(step, str):
        return {"name": step, "index": 1}
    name: object
    index: object
    if isinstance(step, tuple) and len(step) == 2:  # noqa: PLR2004 - a pair
        name, index = step
    elif isinstance(step, dict) and "name" in step and not step.keys() - {"name", "index"}:
        name, index = step["name"], step.get("index", 1)
    else:
        raise TypeError(f'{step!r} does not name a step. Give a name, (name, index) or {{"name": ..., "index": ...}}.')
    if not isinstance(name, str) or type(index) is not int or index < 1:
        raise TypeError(f"{step!r} does not name a step: the name is a str, and the index a number from 1.")
    return {"name": name, "index": index}


def to_selectors(steps: Sequence[StepSelector] | None) -> list[dict[str, object]] | None:
    """Several; None stands for all."""
    if isinstance(steps, str | dict):
        raise TypeError("Give a list of steps.")
    return None if steps is None else [to_selector(step) for step in steps]
