"""Suggestions for misspelt words."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_SIMILAR = 3
SIMILAR = 0.6
"""How much of two words must be the same."""
MUCH_LESS = 0.15
"""A word that is so much less like it than the most similar one is not offered beside that one."""


def similar(word: str, known: Iterable[str]) -> list[str]:
    """The words among *known* that are like *word*, the most similar first."""
    by_lower = {each.lower(): each for each in known}
    found = difflib.get_close_matches(word.lower(), by_lower, MOST_SIMILAR, SIMILAR)
    likeness = [difflib.SequenceMatcher(None, each, word.lower()).ratio() for each in found]
    return [by_lower[each] for each, like in zip(found, likeness, strict=True) if like > likeness[0] - MUCH_LESS]


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A sentence with a space before it; empty where nothing is similar."""
    return meant(similar(word, known))


def meant(words: list[str]) -> str:
    """The sentence that asks for one of *words*, with a space before it; empty without words."""
    return f" Did you mean {' or '.join(map(repr, words))}?" if words else ""
