"""
uv, which resolves, locks and installs.

It was chosen over pip because it evaluates markers for the runtime rather than for the Python that runs it, writes and
reads PEP 751's lock files, and checks hashes. It learns what fits a runtime by asking its interpreter, which is given
to it as a `python` command. pyproject.toml pins it closely: what it asks the interpreter is its own business.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import subprocess
import sys
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from stepwell.cache import cache_folder
from stepwell.exceptions import InputError, InternalError
from stepwell.host_process import host_root
from stepwell.interpreters import find_python
from stepwell.node import find_node
from stepwell.packages.pip_settings import pip_settings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from stepwell.packages.package_folder import PackageRuntime


@dataclass(frozen=True, slots=True)
class UvResult:
    """
    How a call of uv ended.

    Attributes:
        code: Its exit code: 1 where no solution exists, 2 for anything else.
        text: What it said.
    """

    code: int
    text: str

    @property
    def ok(self) -> bool:
        """Whether it succeeded."""
        return self.code == 0

    @property
    def unsatisfiable(self) -> bool:
        """Whether it looked, and no versions fit."""
        return self.code == 1


@dataclass(frozen=True, slots=True)
class Uv:
    """uv in a project's folder, whose own configuration of it counts, for one interpreter."""

    folder: Path
    python: str
    builds: bool
    """Whether packages without a wheel may be built: only where their interpreter can run here."""
    wheels: tuple[Path, ...] = ()
    """Folders of wheels that count beside the indexes."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables that replace those of this process."""

    def lock(self, requirements: list[str], output: Path, *, upgrade: bool = False) -> UvResult:
        """Resolve *requirements* into the lock file *output*, whose versions are kept where they can be."""
        options = ["--format", "pylock.toml", "--quiet", "--no-header", "-o", os.fspath(output)]
        return self.compile([*options, *(["--upgrade"] if upgrade else [])], requirements)

    def lock_newest(self, requirements: list[str], output: Path, python_version: str, *, builds: bool) -> UvResult:
        """
        Resolve *requirements* for a common Python *python_version* of this machine into the lock file *output*.

        With *builds*, the metadata of a package without a wheel comes from a build of its source.
        """
        options = ["--format", "pylock.toml", "--quiet", "--no-header", "-o", os.fspath(output)]
        options += ["--python-version", python_version]
        return replace(self, python=sys.executable, builds=builds).compile(options, requirements)

    def lock_sources(self, requirements: list[str], output: Path, python_version: str) -> UvResult:
        """As `lock_newest`, without what they need, and with the source distribution of each in the lock file."""
        options = ["--format", "pylock.toml", "--quiet", "--no-header", "-o", os.fspath(output)]
        options += ["--python-version", python_version, "--no-deps"]
        return replace(self, python=sys.executable, builds=True).compile(options, requirements)

    def has_wheel(self, requirement: str, output: Path) -> bool:
        """Whether a version that fits *requirement* has a wheel for the interpreter. *output* is written."""
        options = ["--format", "pylock.toml", "--quiet", "--no-deps", "-o", os.fspath(output)]
        return self.compile(options, [requirement]).ok

    def compile(self, options: list[str], requirements: list[str]) -> UvResult:
        """Resolve *requirements*."""
        wheels = [word for folder in self.wheels for word in ("--find-links", os.fspath(folder))]
        return self._pip(["compile", "-", *wheels, *options], requirements)

    def install(self, lock: Path, target: Path) -> UvResult:
        """Install what *lock* says into *target*, checking each file's hash."""
        return self._pip(["sync", os.fspath(lock), "--target", os.fspath(target), "--allow-empty-requirements"])

    def build(self, lock: Path, target: Path, name: str) -> UvResult:
        """Install the package *name* into *target* from the source distribution in *lock*, checking its hash."""
        return self._pip(["sync", os.fspath(lock), "--target", os.fspath(target), "--no-binary", name])

    def _pip(self, arguments: list[str], requirements: list[str] | None = None) -> UvResult:
        command = [
            find_uv(),
            "--preview-features",
            "pylock",
            "--no-progress",
            "pip",
            *arguments,
            "--python",
            self.python,
        ]
        if not self.builds:
            command.append("--no-build")
        try:
            done = subprocess.run(  # noqa: S603 - uv, which we depend on
                command,
                cwd=self.folder,
                env={**pip_settings(), **os.environ, "UV_PYTHON_DOWNLOADS": "never", **self.environment},
                input="\n".join(requirements or []),
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                check=False,
            )
        except OSError as error:
            raise InternalError(f"uv cannot be run: {error}.") from error
        if done.returncode == 0:
            return UvResult(0, done.stdout)
        return UvResult(done.returncode, _explanation(done.stderr))


def _explanation(stderr: str) -> str:
    lines = [line for line in stderr.splitlines() if not line.startswith("warning:")]
    return "\n".join(lines).strip().removeprefix("error: ")


def find_uv() -> str:
    """
    The `uv` that was installed with us.

    Raises:
        InputError: It is missing.
    """
    try:
        from uv import find_uv_bin  # noqa: PLC0415 - only for a sync

        return find_uv_bin()
    except (ImportError, FileNotFoundError) as error:
        raise InputError("uv is missing, which comes with Stepwell; install Stepwell again.") from error


def interpreter(runtime: PackageRuntime, main: Path, python: str | None = None) -> str:
    """
    The `python` command to ask what fits *runtime*.

    Args:
        runtime: Which.
        main: A file of the project.
        python: What the command says of the Python of runtime ``cpython``.

    Raises:
        InputError: There is no such Python.
    """
    if runtime == "cpython":
        return os.fspath(find_python(main, python))
    root = host_root()
    script = root / "runtime" / "pyodide" / "python.js"
    package = root / "node_modules" / "pyodide" / "package.json"
    words = shlex.join([os.fspath(find_node().path), os.fspath(script)])
    text = f'#!/bin/sh\nexec {words} "$0" {"--sandbox " if runtime == "wasmtime" else ""}"$@"\n'
    # uv remembers what an interpreter at a path has told it: another Pyodide has another path.
    version = hashlib.sha256(text.encode() + script.read_bytes() + package.read_bytes()).hexdigest()[:16]
    path = cache_folder() / "interpreters" / f"{runtime}-{version}" / "python"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"python.{os.getpid()}")
        draft.write_text(text, encoding="utf-8")
        draft.chmod(0o755)
        draft.replace(path)
    return os.fspath(path)
