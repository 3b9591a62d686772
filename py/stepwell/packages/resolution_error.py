"""Why packages cannot be had for a runtime, and for which they can."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from stepwell.packages.adapters import resolvable_requirements
from stepwell.packages.locks import locked_python, locked_versions
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
    culprits = [each for each in requirements if not _fits(uv, [each])]
    lines = []
    for culprit in culprits:
        others = _runtimes_for(folder, [culprit])
        name = Requirement(culprit).name
        if others:
            lines.append(
                f"{name} has no wheel for runtime {folder.runtime}. It can be installed for: {', '.join(others)}."
            )
    if lines:
        able = _runtimes_for(folder, requirements)
        if able and len(requirements) > 1:
            lines.append(f"All that is declared can be installed for: {', '.join(able)}.")
        # Why each of hundreds of versions has none would only hide it.
        return "\n".join([*lines, "Nothing was changed."])
    return f"No versions fit {declared} for runtime {folder.runtime}; nothing was changed.\n{_end_of(answer.text)}"


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


def older_than_newest(folder: PackageFolder, uv: Uv, lock: Path) -> Iterator[str]:
    """
    What to know of packages that are locked in an older version because the newest has no wheel for the runtime.

    Without this a program would quietly get another major version in one runtime than in another.
    """
    requirements = resolvable_requirements(folder.declaration)
    answer = uv.newest(requirements, locked_python(lock))
    versions = locked_versions(lock)
    for name, newest in re.findall(r"(?m)^([\w.-]+)==(\S+)", answer.text if answer.ok else ""):
        locked = versions.get(canonicalize_name(name))
        if locked and Version(locked) < Version(newest):
            yield (
                f"{name} {locked} is locked for runtime {folder.runtime}: {newest}, the newest, has no wheel for it, "
                "or needs something that has none. Declare the version that you mean."
            )
