"""
Locks what is declared for a runtime without sockets, compilers or a platform of its own.

Where the newest version of a package has no wheel for the runtime, the Pyodide distribution that the project names
comes first, then a pure wheel from the source. What still lacks a wheel is remembered, for messages.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from stepwell.compatibility import GUEST_PYTHON
from stepwell.packages.distribution import Distribution, find_distribution
from stepwell.packages.locks import locked_versions
from stepwell.packages.newest import Newest, find_newest, find_sources, lacking_wheels
from stepwell.packages.pure_wheels import NotPureError, PureWheels

if TYPE_CHECKING:
    from pathlib import Path

    from stepwell.packages.package_folder import PackageFolder
    from stepwell.packages.uv import Uv, UvResult


@dataclass
class Resolution:
    """
    What was done to lock the *requirements* of *folder*.

    Attributes:
        uv: With the wheels that were found or built beside the indexes.
        answer: What uv said last.
        sources: Entries of a lock file for the packages that are built from source, by name.
        supplied: The names of the packages and libraries that the distribution supplies.
        lacking: Why a package has no wheel in its newest version, by name.
    """

    folder: PackageFolder
    requirements: list[str]
    uv: Uv
    answer: UvResult
    sources: dict[str, dict[str, Any]] = field(default_factory=dict)
    supplied: list[str] = field(default_factory=list)
    lacking: dict[str, str] = field(default_factory=dict)
    newest: Newest | None = None

    @cached_property
    def distribution(self) -> Distribution | None:
        """The Pyodide distribution of the project."""
        return find_distribution(self.folder.declaration) if self.folder.runtime == "pyodide" else None


def resolve(folder: PackageFolder, uv: Uv, requirements: list[str], lock: Path, *, upgrade: bool) -> Resolution:
    """Locks *requirements* in *lock*, whose versions stay where they fit, unless *upgrade*."""
    result = Resolution(folder, requirements, uv, uv.lock(requirements, lock, upgrade=upgrade))
    if folder.runtime == "cpython":
        return result
    # Asked for even where nothing lacks: a distribution that cannot be read is an error at each sync.
    distribution = result.distribution
    result.newest = newest = find_newest(uv, requirements, GUEST_PYTHON)
    if newest is None or not _falls_behind(result, lock):
        return result
    missing = lacking_wheels(uv, newest)
    _take_from_distribution(result, [name for name in missing if distribution and name in distribution.packages])
    unsupplied = [name for name in missing if name not in result.supplied]
    _build_from_source(result, unsupplied, find_sources(uv, newest, unsupplied, GUEST_PYTHON))
    if result.uv.wheels:
        result.answer = result.uv.lock(requirements, lock, upgrade=upgrade)
        _add_what_the_distribution_needs(result, lock, upgrade=upgrade)
    return result


def _falls_behind(result: Resolution, lock: Path) -> bool:
    """Whether nothing was locked, or an older version than the newest."""
    from packaging.version import Version  # noqa: PLC0415 - only for a sync

    if not result.answer.ok:
        return True
    newest = result.newest.versions if result.newest else {}
    locked = locked_versions(lock)
    return any(
        name in locked and version and locked[name] and Version(locked[name]) < Version(version)
        for name, version in newest.items()
    )


def _take_from_distribution(result: Resolution, names: list[str]) -> None:
    distribution = result.distribution
    if distribution is None or not names:
        return
    result.supplied = distribution.needed_by(names)
    files = [distribution.fetch(name) for name in result.supplied]
    folders = tuple(dict.fromkeys(path.parent for path in files if path.suffix == ".whl"))
    result.uv = replace(result.uv, wheels=(*result.uv.wheels, *folders))


def _build_from_source(result: Resolution, names: list[str], sources: dict[str, dict[str, Any]]) -> None:
    wheels = PureWheels(result.folder.root)
    for name in names:
        if name not in sources:
            result.lacking[name] = f"{name} has no source distribution."
            continue
        try:
            wheel = wheels.make(sources[name])
        except NotPureError as error:
            result.lacking[name] = str(error)
        else:
            result.sources[name] = sources[name]
            result.uv = replace(result.uv, wheels=(*result.uv.wheels, wheel.parent))


def _add_what_the_distribution_needs(result: Resolution, lock: Path, *, upgrade: bool) -> None:
    """Lock also what the distribution's lock file says that its packages need, and their metadata does not."""
    distribution = result.distribution
    if distribution is None or not result.answer.ok:
        return
    locked = locked_versions(lock)
    used = [name for name in result.supplied if _is_locked(distribution, name, locked)]
    result.supplied = distribution.needed_by(used)
    more = [name for name in result.supplied if name not in locked and not distribution.is_library(name)]
    if more:
        result.answer = result.uv.lock([*result.requirements, *more], lock, upgrade=upgrade)


def _is_locked(distribution: Distribution, name: str, locked: dict[str, str]) -> bool:
    return not distribution.is_library(name) and locked.get(name) == distribution.packages[name]["version"]
