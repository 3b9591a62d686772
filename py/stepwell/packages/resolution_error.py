"""Why packages cannot be had for a runtime, and for which they can."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from stepwell.packages.adapters import resolvable_requirements
from stepwell.packages.locks import locked_versions
from stepwell.packages.package_folder import RUNTIMES
from stepwell.packages.uv import Uv, interpreter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stepwell.packages.package_folder import PackageFolder, PackageRuntime
    from stepwell.packages.uv import UvResult

MAX_LINES = 30
"""Lines of an explanation that people are shown; what comes of it is at its end."""


def resolution_failure(folder: PackageFolder, answer: UvResult, uv: Uv) -> str:
    """What to tell of an *answer* of uv's that is none: which packages are to blame, and who can run them."""
    declared = f"the dependencies of {folder.declaration.path}"
    if not answer.unsatisfiable:
        return f"{declared.capitalize()} cannot be resolved; nothing was changed.\n{answer.text}"
    requirements = resolvable_requirements(folder.declaration)
    lines = [line for each in requirements if not _fits(uv, [each]) for line in _blame(folder, uv, each)]
    if lines:
        able = _runtimes_for(folder, requirements)
        if able and len(requirements) > 1:
            lines.append(f"All that is declared can be installed for: {', '.join(able)}.")
        # Why each of hundreds of versions has none would only hide it.
        return "\n".join([*lines, "Nothing was changed."])
    return f"No versions fit {declared} for runtime {folder.runtime}; nothing was changed.\n{_end_of(answer.text)}"


def _blame(folder: PackageFolder, uv: Uv, requirement: str) -> Iterator[str]:
    """What keeps *requirement* from being installed: itself, or a package that it needs."""
    others = _runtimes_for(folder, [requirement])
    if not others:
        return
    name = Requirement(requirement).name
    missing = [each for each in _needed_by(uv, requirement) if not _has_wheel(uv, each)]
    elsewhere = f"It can be installed for: {', '.join(others)}."
    if missing in ([], [canonicalize_name(name)]):
        yield f"{name} has no wheel for runtime {folder.runtime}. {elsewhere}"
    else:
        needed = " and ".join(each for each in missing if each != canonicalize_name(name))
        have = "has" if len(missing) == 1 else "have"
        yield f"{name} needs {needed}, which {have} no wheel for runtime {folder.runtime}. {elsewhere}"


def _needed_by(uv: Uv, requirement: str) -> list[str]:
    """The packages that *requirement* needs on a common Python, itself included."""
    with tempfile.TemporaryDirectory(prefix="stepwell-") as folder:
        lock = Path(folder, "pylock.toml")
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        return list(locked_versions(lock)) if uv.lock_newest([requirement], lock, version, alone=False).ok else []


def _has_wheel(uv: Uv, name: str) -> bool:
    with tempfile.TemporaryDirectory(prefix="stepwell-") as folder:
        return uv.has_wheel(name, Path(folder, "pylock.toml"))


def _end_of(text: str) -> str:
    lines = text.splitlines()
    return text if len(lines) <= MAX_LINES else "\n".join(["[…]", *lines[-MAX_LINES:]])


def _runtimes_for(folder: PackageFolder, requirements: list[str]) -> list[PackageRuntime]:
    """The other runtimes that *requirements* can be installed for."""
    others = (runtime for runtime in RUNTIMES if runtime != folder.runtime)
    main = folder.declaration.path
    return [each for each in others if _fits(Uv(folder.root, interpreter(each, main), builds=False), requirements)]


def _fits(uv: Uv, requirements: list[str]) -> bool:
    with tempfile.TemporaryDirectory(prefix="stepwell-") as folder:
        return uv.lock(requirements, Path(folder, "pylock.toml")).ok
