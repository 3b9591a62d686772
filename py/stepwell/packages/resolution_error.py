"""Why packages cannot be had for a runtime, and for which they can."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from stepwell.compatibility import GUEST_PYTHON
from stepwell.packages.distribution import advice
from stepwell.packages.newest import find_newest
from stepwell.packages.package_folder import RUNTIMES
from stepwell.packages.uv import Uv, interpreter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stepwell.packages.package_folder import PackageRuntime
    from stepwell.packages.resolution import Resolution

MAX_LINES = 30
"""Lines of an explanation that people are shown; what comes of it is at its end."""


def resolution_failure(resolution: Resolution) -> str:
    """Explains why *resolution* failed: which packages are to blame, and which runtimes can run them."""
    folder, answer, requirements = resolution.folder, resolution.answer, resolution.requirements
    declared = f"the dependencies of {folder.declaration.path}"
    if not answer.unsatisfiable:
        return f"{declared.capitalize()} cannot be resolved; nothing was changed.\n{answer.text}"
    failing = [each for each in requirements if not _fits(resolution.uv, [each])]
    lines = [line for each in failing for line in _blame(resolution, each)]
    if lines:
        able = _runtimes_for(resolution, requirements)
        if able and len(requirements) > 1:
            lines.append(f"All that is declared can be installed for: {', '.join(able)}.")
        # Why each of hundreds of versions has none would only hide it.
        return "\n".join([*lines, "Nothing was changed."])
    return f"No versions fit {declared} for runtime {folder.runtime}; nothing was changed.\n{_end_of(answer.text)}"


def _blame(resolution: Resolution, requirement: str) -> Iterator[str]:
    """What keeps *requirement* from being installed: itself, or a package that it needs."""
    others = _runtimes_for(resolution, [requirement])
    name, runtime = canonicalize_name(Requirement(requirement).name), resolution.folder.runtime
    newest = find_newest(resolution.uv, [requirement], GUEST_PYTHON)
    missing = [each for each in (newest.versions if newest else ()) if each in resolution.lacking]
    if not others and not missing:
        return
    elsewhere = f" It can be installed for: {', '.join(others)}." if others else ""
    needed = [each for each in missing if each != name]
    if not needed:
        yield f"{name} has no wheel for runtime {runtime}.{elsewhere}"
    else:
        have = "has" if len(needed) == 1 else "have"
        yield f"{name} needs {' and '.join(needed)}, which {have} no wheel for runtime {runtime}.{elsewhere}"
    distribution = resolution.distribution
    for each in missing or [name]:
        if distribution and each in distribution.packages:
            yield f"The Pyodide distribution has {each} {distribution.packages[each]['version']}."
        elif runtime == "pyodide" and distribution is None and (helpful := advice(each)):
            yield helpful


def _end_of(text: str) -> str:
    lines = text.splitlines()
    return text if len(lines) <= MAX_LINES else "\n".join(["[…]", *lines[-MAX_LINES:]])


def _runtimes_for(resolution: Resolution, requirements: list[str]) -> list[PackageRuntime]:
    """The other runtimes that *requirements* can be installed for."""
    folder = resolution.folder
    others = (runtime for runtime in RUNTIMES if runtime != folder.runtime)
    main = folder.declaration.path
    return [each for each in others if _fits(Uv(folder.root, interpreter(each, main), builds=False), requirements)]


def _fits(uv: Uv, requirements: list[str]) -> bool:
    with tempfile.TemporaryDirectory(prefix="stepwell-") as folder:
        return uv.lock(requirements, Path(folder, "pylock.toml")).ok
