"""Lock files (PEP 751) as uv writes them, with what they were made from in their table ``tool.stepwell``."""

from __future__ import annotations

import json
import re
import tomllib
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from stepwell.exceptions import InputError
from stepwell.packages.toml_text import toml_table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from stepwell.packages.declaration import Declaration
    from stepwell.packages.package_folder import PackageRuntime

PACKAGE = "[[packages]]\n"


def annotate(lock: Path, declaration: Declaration, runtime: PackageRuntime, more: Mapping[str, Any]) -> None:
    """Note in *lock* what it was made from, so that one from elsewhere is known to fit, and what it holds *more*."""
    text = lock.read_text(encoding="utf-8")
    text = text.partition("\n[tool.stepwell]\n")[0].rstrip("\n")
    noted = {"runtime": runtime, "declared": list(declaration.requirements), **more}
    text += "\n\n" + toml_table("[tool.stepwell]", noted)
    lock.write_text(_with_relative_paths(text, declaration.path.parent), encoding="utf-8")


def noted_in(lock: Path, key: str) -> list[Any]:
    """The list that `annotate` noted in *lock* under *key*; empty where it noted none."""
    found = read_lock(lock).get("tool", {}).get("stepwell", {}).get(key, [])
    return found if isinstance(found, list) else []


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


def replace_package(lock: Path, name: str, table: Mapping[str, Any]) -> None:
    """Put *table* in the place of the entry of the package *name* in *lock*."""
    head, *entries = lock.read_text(encoding="utf-8").split(PACKAGE)
    replaced = [toml_table("", table).lstrip("\n") + "\n" if _names(entry) == name else entry for entry in entries]
    lock.write_text(PACKAGE.join([head, *replaced]), encoding="utf-8")


def _names(entry: str) -> str:
    return str(tomllib.loads(entry.partition("\n[")[0])["name"])
