"""
The Pyodide distribution: packages and native libraries that its makers built for one version of Pyodide.

`[tool.stepwell] pyodide-distribution` names its folder or address. Its `pyodide-lock.json` has a hash for each file,
and says what each package needs besides what the metadata of the package says: shared libraries.
"""

from __future__ import annotations

import hashlib
import json
import os
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stepwell.cache import cache_folder
from stepwell.exceptions import InputError
from stepwell.host_process import host_root
from stepwell.interpreters import project_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from stepwell.packages.declaration import Declaration

KEY = "pyodide-distribution"
LOCK = "pyodide-lock.json"
TIMEOUT_S = 60
SHARED_LIBRARY = "shared_library"
_SAME = ("abi_version", "platform", "python")
"""What `info` must say alike, for the packages to run in our Pyodide."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """
    A distribution.

    Attributes:
        setting: Where it is named, for messages.
        base: The address of its folder, with a slash at the end: `file:`, `http:` or `https:`.
        packages: The entries of its lock file, by normalized name.
    """

    setting: str
    base: str
    packages: Mapping[str, Mapping[str, Any]]

    def address(self, name: str) -> str:
        """The address of the file of package *name*."""
        file_name: str = self.packages[name]["file_name"]
        # A lock file may name another server.
        address = urllib.parse.urljoin(self.base, urllib.parse.quote(file_name, safe="/:"))
        if address.partition(":")[0] not in {self.base.partition(":")[0], "https"}:
            raise InputError(f"{self.setting}: {LOCK} names {file_name!r} for {name!r}, which is outside {self.base}.")
        return address

    def fetch(self, name: str) -> Path:
        """
        The file of package *name*, from the cache or fetched now.

        Raises:
            InputError: It is missing, or not the file that the lock file means.
        """
        entry = self.packages[name]
        file_name = Path(entry["file_name"]).name
        expected: str = entry["sha256"]
        kept = cache_folder() / "pyodide-packages" / expected[:32] / file_name
        if kept.is_file() and hashlib.sha256(kept.read_bytes()).hexdigest() == expected:
            return kept
        content = read_address(self.address(name), self.setting)
        found = hashlib.sha256(content).hexdigest()
        if found != expected:
            raise InputError(
                f"{self.setting}: {self.address(name)} is not the file that {LOCK} names: its sha256 is {found}, "
                f"expected {expected}. Nothing was changed. Fetch the distribution again."
            )
        kept.parent.mkdir(parents=True, exist_ok=True)
        draft = kept.with_name(f".{file_name}.{os.getpid()}")
        draft.write_bytes(content)
        draft.replace(kept)
        return kept

    def needed_by(self, names: Iterable[str]) -> list[str]:
        """The packages *names* and all that they need by the lock file."""
        found: dict[str, None] = {}
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name in found:
                continue
            if name not in self.packages:
                raise InputError(
                    f"{self.setting}: {LOCK} has no package {name!r}, which another of its packages needs."
                )
            found[name] = None
            waiting += [canonical(each) for each in self.packages[name].get("depends", [])]
        return list(found)

    def is_library(self, name: str) -> bool:
        """Whether *name* is no Python package but a shared library."""
        return bool(self.packages[name].get("package_type") == SHARED_LIBRARY)


def find_distribution(declaration: Declaration) -> Distribution | None:
    """
    The distribution that the project of *declaration* names.

    Raises:
        InputError: It cannot be read, or is for another Pyodide.
    """
    path, table = project_table(declaration.path)
    if KEY not in table:
        return None
    setting = f"{path}: tool.stepwell.{KEY}"
    base = _base_of(table[KEY], path.parent, setting)
    lock = _parse(read_address(base + LOCK, setting), f"{setting}: {base}{LOCK}")
    _check_version(lock["info"], setting)
    packages = {canonical(entry.get("name", name)): entry for name, entry in lock["packages"].items()}
    for name, entry in packages.items():
        if not all(isinstance(entry.get(key), str) for key in ("version", "file_name", "sha256")):
            raise InputError(f"{setting}: {LOCK}: package {name!r} lacks its version, file_name or sha256.")
    return Distribution(setting, base, packages)


def canonical(name: str) -> str:
    """*name* as lock files have it."""
    from packaging.utils import canonicalize_name  # noqa: PLC0415 - only for a sync

    return canonicalize_name(name)


def _base_of(value: object, folder: Path, setting: str) -> str:
    if not isinstance(value, str) or not value:
        raise InputError(f"{setting} is {value!r}; it must be an address or a folder with a {LOCK}.")
    if value.startswith(("http://", "https://")):
        return value.removesuffix(LOCK).rstrip("/") + "/"
    path = (folder / Path(value.removesuffix(LOCK)).expanduser()).resolve()
    if not path.is_dir():
        raise InputError(f"{setting}: {path} is not a folder. Name the folder or address that has a {LOCK}.")
    return path.as_uri() + "/"


def read_address(address: str, setting: str) -> bytes:
    """
    The content of *address*.

    Raises:
        InputError: It cannot be read. *setting* is where it is named.
    """
    if not address.startswith(("file:", "http:", "https:")):
        raise InputError(f"{setting}: {address} is not an http, https or file address.")
    try:
        # The base is a folder or an http address; a file in it is what the lock file names.
        with urllib.request.urlopen(address, timeout=TIMEOUT_S) as response:  # noqa: S310
            content: bytes = response.read()
            return content
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise InputError(f"{setting}: {address} cannot be read: {reason}. Nothing was changed.") from error


def _parse(text: bytes, where: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise InputError(f"{where} is not JSON: {error}.") from error
    if not isinstance(found, dict) or not all(isinstance(found.get(key), dict) for key in ("info", "packages")):
        raise InputError(
            f"{where} is not the lock file of a Pyodide distribution: it needs the tables info and packages."
        )
    if not all(isinstance(entry, dict) for entry in found["packages"].values()):
        raise InputError(f"{where} is not the lock file of a Pyodide distribution: each package must be a table.")
    return found


def _our_lock() -> dict[str, Any]:
    """The lock file of the distribution of our Pyodide, which comes without the packages."""
    lock: dict[str, Any] = json.loads((_pyodide() / LOCK).read_text(encoding="utf-8"))
    return lock


def _pyodide() -> Path:
    return host_root() / "node_modules" / "pyodide"


def advice(name: str) -> str | None:
    """What helps where the package *name* lacks a wheel and the project names no distribution; None: that would not."""
    entry = _our_lock()["packages"].get(name)
    if entry is None:
        return None
    return (
        f"The distribution of Pyodide {_our_version()} has {name} {entry['version']}: "
        f"name its folder or address as {KEY} in [tool.stepwell] of pyproject.toml (docs/packages.md)."
    )


def _our_version() -> str:
    return str(json.loads((_pyodide() / "package.json").read_text(encoding="utf-8"))["version"])


def _check_version(info: Mapping[str, Any], setting: str) -> None:
    ours = _our_lock()["info"]
    for key in _SAME:
        if info.get(key) != ours[key]:
            raise InputError(
                f"{setting} is for another Pyodide: its {key} is {info.get(key)!r}, expected {ours[key]!r}. "
                f"Name the distribution of Pyodide {_our_version()}."
            )
