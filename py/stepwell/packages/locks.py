"""Lock files (PEP 751) as uv writes them, with what they were made from in their table ``tool.stepwell``."""

from __future__ import annotations

import json
import re
import tomllib
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from stepwell.exceptions import InputError

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from stepwell.packages.declaration import Declaration
    from stepwell.packages.package_folder import PackageRuntime


def annotate(lock: Path, declaration: Declaration, runtime: PackageRuntime) -> None:
    """Note in *lock* what it was made from, so that a lock file that somebody else has made is known to fit."""
    text = lock.read_text(encoding="utf-8")
    text = text.partition("\n[tool.stepwell]\n")[0].rstrip("\n")
    text = _with_relative_paths(text, declaration.path.parent)
    declared = json.dumps(list(declaration.requirements))
    text += f'\n\n[tool.stepwell]\nruntime = "{runtime}"\ndeclared = {declared}\n'
    lock.write_text(text, encoding="utf-8")


def _with_relative_paths(text: str, folder: Path) -> str:
    """As *text*, with files of the project by their paths in it, so that the lock holds wherever the project is."""
    start = f'url = "{folder.as_uri()}/'
    return re.sub(re.escape(start) + r'([^"]+)"', lambda match: f"path = {json.dumps(unquote(match.group(1)))}", text)


def is_lock_of(lock: Path, declaration: Declaration) -> bool:
    """Whether *lock* was made from what is declared now."""
    tool = read_lock(lock).get("tool", {})
    return bool(tool.get("stepwell", {}).get("declared") == list(declaration.requirements))


def locked_versions(lock: Path) -> dict[str, str]:
    """The versions of *lock*, by normalized name; empty for a package without one."""
    return {package["name"]: package.get("version", "") for package in read_lock(lock).get("packages", [])}


def locked_on(lock: Path) -> dict[str, datetime]:
    """When the locked files were uploaded, by normalized name; without those whose index does not tell."""
    times = {
        package["name"]: [wheel["upload-time"] for wheel in package.get("wheels", []) if "upload-time" in wheel]
        for package in read_lock(lock).get("packages", [])
    }
    return {name: min(uploaded) for name, uploaded in times.items() if uploaded}


def locked_python(lock: Path) -> str:
    """The version of Python that *lock* was made for."""
    return str(read_lock(lock).get("requires-python", "")).removeprefix(">=")


def read_lock(lock: Path) -> dict[str, Any]:
    """
    What *lock* says.

    Raises:
        InputError: It is no lock file.
    """
    try:
        return tomllib.loads(lock.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{lock} is no lock file: {error}. Remove it, and sync again.") from error
