"""Packages that are locked in an older version because the newest has no wheel for the runtime."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from stepwell.compatibility import GUEST_PYTHON
from stepwell.packages.locks import locked_on, locked_versions
from stepwell.packages.newest import find_newest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stepwell.packages.resolution import Resolution

OLD = timedelta(days=365)
"""A version that was uploaded so long before the newest one needs a confirmation."""


@dataclass(frozen=True, slots=True)
class OlderVersion:
    """
    A package that is locked in an older version than the newest.

    Attributes:
        age: How long before the newest version it was uploaded; None where the index does not tell.
        declared: Whether the project declares it; another one is needed by what it declares.
        lacking: What the newest version needs and has no wheel, itself included.
    """

    name: str
    locked: str
    newest: str
    runtime: str
    age: timedelta | None
    declared: bool
    lacking: tuple[str, ...]

    @property
    def is_old(self) -> bool:
        """Whether it takes a confirmation to use it."""
        return self.age is not None and self.age > OLD

    def __str__(self) -> str:
        years = f", {self.age.days / 365.25:.1f} years older" if self.is_old and self.age else ""
        others = [name for name in self.lacking if name != self.name]
        if others:
            have = "has" if len(others) == 1 else "have"
            reason = f"needs {' and '.join(others)}, which {have} no wheel for it"
        elif self.lacking:
            reason = "has no wheel for it"
        else:
            reason = "has no wheel for it, or needs something that has none"
        return (
            f"{self.name} {self.locked} is locked for runtime {self.runtime}{years}: {self.newest}, the newest, "
            f"{reason}. Declare the version that you mean."
        )


def older_than_newest(resolution: Resolution, lock: Path) -> Iterator[OlderVersion]:
    """
    The packages of *lock* that the newest version of does not fit.

    Without this a program would quietly get another major version in one runtime than in another. The versions of a
    distribution that the project names are what the project asks for.
    """
    newest = resolution.newest
    if newest is None:
        return
    requirements = {str(canonicalize_name(Requirement(text).name)): text for text in resolution.requirements}
    locked, on = locked_versions(lock), locked_on(lock)
    for name, version in newest.versions.items():
        is_older = locked.get(name) and version and Version(locked[name]) < Version(version)
        if not is_older or name in resolution.supplied:
            continue
        known = name in on and name in newest.uploaded
        age = newest.uploaded[name] - on[name] if known else None
        lacking = _lacking(resolution, requirements.get(name, name))
        yield OlderVersion(
            name, locked[name], version, resolution.folder.runtime, age, declared=name in requirements, lacking=lacking
        )


def _lacking(resolution: Resolution, requirement: str) -> tuple[str, ...]:
    """The packages without a wheel that the newest version of *requirement* needs."""
    found = find_newest(resolution.uv, [requirement], GUEST_PYTHON)
    return tuple(name for name in found.versions if name in resolution.lacking) if found else ()
