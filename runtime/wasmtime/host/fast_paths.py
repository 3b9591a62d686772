"""Fast paths, by names that the package wasmtime does not promise to keep: which of them are gone."""

from __future__ import annotations

_lost: list[str] = []


def note_lost(what: str) -> None:
    """Note that a slower way takes the place of a fast one: *what* is the consequence, as a clause."""
    _lost.append(f"The package wasmtime is another than this version of Stepwell was written for: {what}.")


def lost() -> list[str]:
    """A line for the operator for each that is gone."""
    return list(_lost)
