"""Warnings of code between steps that a replay need not repeat."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_REASONS = {
    "clock": "A replay asks at another time. Ask in a step.",
    "chance": "A replay draws something else. Draw in a step.",
    "environment": "A replay may run in another environment. Read it in a step, or use self.env.",
    "order": "A replay may have another order. Use sorted(), or a list.",
}


class DeterminismWarning(UserWarning):
    """Code outside of steps does what a replay need not repeat."""


def finding_texts(findings: Iterable[Mapping[str, Any]]) -> list[str]:
    """What the findings are, and what to do."""
    return [
        f"{each['what']} is used between steps at {each['file']}:{each['line']}. {_REASONS[each['kind']]}"
        for each in findings
    ]


def warn_of(findings: Sequence[Mapping[str, Any]]) -> None:
    """Warn of each finding, at its own file and line."""
    for each, text in zip(findings, finding_texts(findings), strict=True):
        warnings.warn_explicit(text, DeterminismWarning, each["file"], each["line"])
