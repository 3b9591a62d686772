"""Packages that are locked in an older version because the newest has no wheel for the runtime."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.version import Version

from stepwell.packages.adapters import resolvable_requirements
from stepwell.packages.locks import locked_on, locked_python, locked_versions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stepwell.packages.package_folder import PackageFolder
    from stepwell.packages.uv import Uv

OLD = timedelta(days=365)
"""A version that was uploaded so long before the newest one needs a confirmation."""


@dataclass(frozen=True, slots=True)
class OlderVersion:
    """
    A declared package that is locked in an older version than the newest.

    Attributes:
        age: How long before the newest version it was uploaded; None where the index does not tell.
    """

    name: str
    locked: str
    newest: str
    runtime: str
    age: timedelta | None

    @property
    def is_old(self) -> bool:
        """Whether it takes a confirmation to use it."""
        return self.age is not None and self.age > OLD

    def __str__(self) -> str:
        years = f", {self.age.days / 365.25:.1f} years older" if self.is_old and self.age else ""
        return (
            f"{self.name} {self.locked} is locked for runtime {self.runtime}{years}: {self.newest}, the newest, has no "
            "wheel for it, or needs something that has none. Declare the version that you mean."
        )


def older_than_newest(folder: PackageFolder, uv: Uv, lock: Path) -> Iterator[OlderVersion]:
    """
    The declared packages of *lock* that the newest version of does not fit.

    Without this a program would quietly get another major version in one runtime than in another.
    """
    requirements = resolvable_requirements(folder.declaration)
    with tempfile.TemporaryDirectory(prefix="stepwell-") as name:
        other = Path(name, "pylock.toml")
        if not uv.lock_newest(requirements, other, locked_python(lock), alone=True).ok:
            return
        newest, newest_on = locked_versions(other), locked_on(other)
    locked, on = locked_versions(lock), locked_on(lock)
    for package, version in newest.items():
        if locked.get(package) and version and Version(locked[package]) < Version(version):
            known = package in on and package in newest_on
            age = newest_on[package] - on[package] if known else None
            yield OlderVersion(package, locked[package], version, folder.runtime, age)
