"""
Pure wheels from source distributions: for packages whose native part is optional, such as markupsafe and pyyaml.

The build runs without compilers, so that a package which can do without its native part leaves it out. uv downloads the
source, checks its hash, and builds it in an isolated environment. A cache of its own keeps such builds apart from those
that uv makes for the Python of this machine.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stepwell.cache import cache_folder
from stepwell.exceptions import InputError
from stepwell.packages.toml_text import toml_table
from stepwell.packages.uv import Uv
from stepwell.packages.wheel_files import NATIVE_SUFFIXES, pack_pure_wheel

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMAT = 1
"""Part of a cached wheel's address: raise it when the same source gives another wheel."""
COMPILERS = (
    "cc",
    "c++",
    "gcc",
    "g++",
    "clang",
    "clang++",
    "c99",
    "ld",
    "cargo",
    "rustc",
    "cmake",
    "ninja",
    "make",
    "go",
)
SOURCE_DATE_EPOCH = "315532800"
"""1980-01-01, the first day that a zip file can name: the same source gives the same wheel."""


class NotPureError(InputError):
    """A package cannot do without its native part, or its source cannot be built."""


@dataclass(frozen=True, slots=True)
class PureWheels:
    """Pure wheels for one project, whose configuration of uv counts. *folder* is where its lock file is."""

    folder: Path

    def make(self, package: Mapping[str, Any]) -> Path:
        """
        The pure wheel of *package*, the entry of a lock file, from the cache or built now.

        Raises:
            NotPureError: The release has no pure wheel.
        """
        source = package.get("sdist")
        if source is None:
            raise NotPureError(f"{package['name']} {package['version']} has no source distribution.")
        digest = source.get("hashes", {}).get("sha256", "")
        if not digest:
            raise NotPureError(f"The source of {package['name']} {package['version']} has no sha256 in its index.")
        kept = cache_folder() / "pure-wheels" / f"{digest[:32]}-{FORMAT}"
        if found := _read(kept):
            return found
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="draft-", dir=kept.parent) as name:
            draft = Path(name)
            wheel = self._build(package, draft)
            complete = draft / "complete"
            complete.mkdir()
            wheel = wheel.rename(complete / wheel.name)
            (complete / "sha256").write_text(f"{_digest_of(wheel)}  {wheel.name}\n", encoding="utf-8")
            # What is there is damaged, or of a build at the same time, which is alike.
            shutil.rmtree(kept, ignore_errors=True)
            complete.rename(kept)
        return kept / wheel.name

    def _build(self, package: Mapping[str, Any], draft: Path) -> Path:
        name, version = package["name"], package["version"]
        # Beside the project's lock file, whose relative paths hold there.
        lock = self.folder / f"pylock.stepwell-sync-{draft.name.replace('.', '-')}.toml"
        lock.write_text(_lock_of_source(package), encoding="utf-8")
        try:
            installed = draft / "installed"
            uv = Uv(self.folder, sys.executable, builds=True, environment=_without_native_code(draft, name))
            answer = uv.build(lock, installed, name)
        finally:
            lock.unlink()
        if not answer.ok:
            raise NotPureError(f"The source of {name} {version} does not build without compilers.\n{answer.text}")
        native = [path for path in installed.rglob("*") if path.suffix in NATIVE_SUFFIXES]
        if native:
            raise NotPureError(f"{name} {version} builds native code ({native[0].name}).")
        return pack_pure_wheel(installed, name, version, draft)


def _lock_of_source(package: Mapping[str, Any]) -> str:
    head = toml_table("", {"lock-version": "1.0", "created-by": "stepwell", "requires-python": ">=3.11"})
    return head + toml_table("[[packages]]", {key: package[key] for key in ("name", "version", "sdist")})


def _without_native_code(draft: Path, package: str) -> dict[str, str]:
    programs = draft / "bin"
    programs.mkdir()
    for name in COMPILERS:
        (programs / name).write_text("#!/bin/sh\nexit 127\n", encoding="utf-8")
        (programs / name).chmod(0o755)
    return {
        "PATH": os.fspath(programs),
        "CC": os.fspath(programs / "cc"),
        "CXX": os.fspath(programs / "c++"),
        "UV_CACHE_DIR": os.fspath(cache_folder() / "pure-builds"),
        "SOURCE_DATE_EPOCH": SOURCE_DATE_EPOCH,
        # aiohttp and what it needs ask for it; without it they do not build.
        f"{package.upper().replace('-', '_')}_NO_EXTENSIONS": "1",
    }


def _read(kept: Path) -> Path | None:
    """The wheel that is kept there; None where none is, or another one than was put there."""
    try:
        digest, _, name = (kept / "sha256").read_text(encoding="utf-8").strip().partition("  ")
        wheel = kept / Path(name).name
        return wheel if _digest_of(wheel) == digest else None
    except OSError:
        return None


def _digest_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
