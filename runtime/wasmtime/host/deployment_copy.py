"""A deployment as instances see it: a copy of its files that nobody else writes to, and what they were compiled to."""

from __future__ import annotations

import base64
import json
import os
import shutil
import stat
import tempfile
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .limits import Limits
    from .pass_instance import PassInstance
    from .sandbox_instance import InstanceFactory, SandboxInstance

MAX_FILES = 5000
MAX_BYTES = 256 << 20
_NOT_SOURCE = {"__pycache__", "node_modules", "build", "dist"}
_FOLDER_PREFIX = "stepwell-sandbox-"
_COMPILED = "/.stepwell-compiled"
"""Where the guest sees compiled code."""


class DeploymentCopy:
    """See the module."""

    def __init__(self, options: dict[str, Any], limits: Limits) -> None:
        """Copy the files of ``{root, main, vars, modules?, …}``."""
        self._options = options
        self._limits = limits
        _remove_stale()
        self._folder = Path(tempfile.mkdtemp(prefix=_FOLDER_PREFIX))
        self._lock = _lock(self._folder)
        self._loader: PassInstance | None = None
        self.left_out = _copy(Path(options["root"]), self._folder / "root")
        (self._folder / "compiled").mkdir()
        self._mounts = [
            (self._folder / "root", str(options["root"])),
            (self._folder / "compiled", _COMPILED),
        ]
        if options.get("modules"):
            self._mounts.append((Path(options["modules"]), str(options["modules"])))

    def load(self, instance: PassInstance, factory: InstanceFactory) -> str:
        """
        Import the main module in *instance*, which nothing else will run in, and keep the code of what that imports.

        Returns:
            JSON as `Guest.load` gives it.

        Raises:
            wasmtime.WasmtimeError: That has ended the interpreter.
        """
        self._loader = instance
        sandbox = factory.open(instance, self._mounts, self._limits.memory)
        try:
            loaded: dict[str, Any] = json.loads(sandbox.call("boot", self._boot(factory, compile=True)))
        finally:
            self._loader = None
            sandbox.close()
        if self.left_out:
            loaded["output"].append({"level": "warning", "text": self.left_out})
        return json.dumps(loaded)

    def open(self, instance: PassInstance, factory: InstanceFactory) -> tuple[SandboxInstance, dict[str, Any]]:
        """An interpreter for *instance* that has imported the main module, and what came of that."""
        sandbox = factory.open(instance, self._mounts, self._limits.memory)
        return sandbox, json.loads(sandbox.call("boot", self._boot(factory, compile=False)))

    def _boot(self, factory: InstanceFactory, *, compile: bool) -> str:  # noqa: A002 - the option's name
        own = {"compile": compile, "compiled": _COMPILED, "virtualTime": factory.has_virtual_time}
        return json.dumps({**self._options, **own})

    def keep(self, instance: PassInstance, path: str, code: str) -> None:
        """Take the compiled code of the module at *path*, if it comes from the one that loads the deployment."""
        if instance is not self._loader:
            return  # it has had to do with somebody's data
        folder = self._folder / "compiled"
        place = Path(os.path.normpath(f"{folder}/{path}"))
        if not place.is_relative_to(folder) or not path.endswith(".pyc"):
            return
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(base64.b64decode(code))

    def close(self) -> None:
        """Remove the copy."""
        shutil.rmtree(self._folder, ignore_errors=True)
        if self._lock is not None:
            self._lock.close()


def _lock(folder: Path) -> IO[str] | None:
    """A lock that goes with this process, however it ends: *folder* is in use. None if it is somebody else's."""
    if fcntl is None:
        return None
    try:
        file = (folder / "lock").open("a")
    except OSError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        return None
    return file


def _remove_stale() -> None:
    """Remove what processes have left that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_FOLDER_PREFIX}*"):
        # One that is being made has no lock for a moment.
        if (folder / "lock").exists() and (lock := _lock(folder)) is not None:
            shutil.rmtree(folder, ignore_errors=True)
            lock.close()


def _copy(root: Path, place: Path) -> str:
    """Copy what may be a source or data of it, nearest first. Gives what is to be said if that was not all."""
    place.mkdir(parents=True)
    size = 0
    for files, path in enumerate(_files_in(root), 1):
        size += path.stat().st_size
        if files > MAX_FILES or size > MAX_BYTES:
            return (
                f"{root} holds more than {MAX_FILES:,} files or {MAX_BYTES >> 20} MiB: what lies deeper than "
                f"{path.parent} is not to be seen in the wasmtime runtime. Keep a workflow in a folder of its own."
            )
        copy = place / path.relative_to(root)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, copy)
    return ""


def _files_in(root: Path) -> Iterator[Path]:
    """
    Regular files below *root*, breadth first.

    What is hidden, as states and secrets are, is left out, and so are links that lead out of it or to what is left out.
    """
    folders = [root]
    within = root.resolve()
    for folder in folders:
        for entry in _listing(folder):
            path = folder / entry
            if _is_left_out(entry):
                continue
            try:
                if path.is_symlink() and not _is_shown(path.resolve(), within):
                    continue
                mode = path.stat().st_mode
            except OSError:
                continue
            if stat.S_ISDIR(mode) and not path.is_symlink() and not (path / "pyvenv.cfg").exists():
                folders.append(path)
            elif stat.S_ISREG(mode) and os.access(path, os.R_OK):
                yield path


def _is_left_out(name: str) -> bool:
    return name.startswith((".", "python_modules")) or name in _NOT_SOURCE


def _is_shown(target: Path, root: Path) -> bool:
    """Whether a link may lead to *target*: it is below *root*, and neither it nor a folder on the way is left out."""
    return target.is_relative_to(root) and not any(map(_is_left_out, target.relative_to(root).parts))


def _listing(folder: Path) -> list[str]:
    try:
        return sorted(path.name for path in folder.iterdir())
    except OSError:
        return []
