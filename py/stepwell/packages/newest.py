"""The newest versions that a declaration gets on a common Python of this machine: the measure for a runtime."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stepwell.packages.locks import locked_on, locked_versions, read_lock
from stepwell.packages.wheel_files import is_for_any_platform

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from stepwell.packages.uv import Uv


@dataclass(frozen=True, slots=True)
class Newest:
    """
    A resolution in which each package has the newest version that the others allow.

    Attributes:
        versions: By normalized name.
        uploaded: When each was uploaded, where the index says so.
        native: The names of those whose wheels for this machine hold native code, or that have no wheel.
    """

    versions: Mapping[str, str]
    uploaded: Mapping[str, datetime]
    native: tuple[str, ...]


def find_newest(uv: Uv, requirements: list[str], python_version: str) -> Newest | None:
    """The newest versions of *requirements* and of all that they need; None where they exclude each other."""
    with tempfile.TemporaryDirectory(prefix="stepwell-") as folder:
        lock = Path(folder, "pylock.toml")
        # A package may have no wheel at all. Its metadata then takes a build, so that comes second.
        for builds in (False, True):
            if uv.lock_newest(requirements, lock, python_version, builds=builds).ok:
                packages = read_lock(lock).get("packages", [])
                native = tuple(package["name"] for package in packages if not _has_pure_wheel(package))
                return Newest(locked_versions(lock), locked_on(lock), native)
    return None


def lacking_wheels(uv: Uv, newest: Newest) -> list[str]:
    """The packages of *newest* that have no wheel for the interpreter of *uv* in that version."""
    with tempfile.TemporaryDirectory(prefix="stepwell-") as folder:
        lock = Path(folder, "pylock.toml")
        return [name for name in newest.native if not uv.has_wheel(f"{name}=={newest.versions[name]}", lock)]


def find_sources(uv: Uv, newest: Newest, names: list[str], python_version: str) -> dict[str, dict[str, Any]]:
    """The entries of a lock file for the packages *names* in the versions of *newest*, with their sources; by name."""
    if not names:
        return {}
    with tempfile.TemporaryDirectory(prefix="stepwell-") as folder:
        lock = Path(folder, "pylock.toml")
        pinned = [f"{name}=={newest.versions[name]}" for name in names]
        if not uv.lock_sources(pinned, lock, python_version).ok:
            return {}
        return {package["name"]: package for package in read_lock(lock).get("packages", [])}


def _has_pure_wheel(package: Mapping[str, Any]) -> bool:
    return any(is_for_any_platform(_file_name(wheel)) for wheel in package.get("wheels", []))


def _file_name(wheel: Mapping[str, Any]) -> str:
    return str(wheel.get("name") or wheel.get("path") or wheel.get("url", "")).rpartition("/")[2]
