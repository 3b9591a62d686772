"""Where the packages of a declaration are kept for a runtime, and whether they are what it declares."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from stepwell.packages.adapters import adapters_of

if TYPE_CHECKING:
    from pathlib import Path

    from stepwell.packages.declaration import Declaration

PackageRuntime = Literal["pyodide", "wasmtime", "cpython"]
RUNTIMES: tuple[PackageRuntime, ...] = ("pyodide", "wasmtime", "cpython")
FOLDER = "python_modules"
"""Cloudflare's name, for the runtime that is Cloudflare's."""
STAMP = ".stepwell.json"
PREPARED = ".prepared"
"""
Says that interpreters start from a snapshot that has the packages.

The host makes the snapshot again where it is missing: it belongs to one version of Stepwell, and the cache makes room.
`runtime/pyodide/package_snapshot.js` has the name, too.
"""


@dataclass(frozen=True, slots=True)
class PackageFolder:
    """
    The lock file and the folder of packages of one declaration for one runtime.

    `js/server/packages.js` has the same names of folders.
    """

    declaration: Declaration
    runtime: PackageRuntime

    @property
    def _suffix(self) -> str:
        return "" if self.runtime == "pyodide" else f"-{self.runtime}"

    @property
    def root(self) -> Path:
        """The folder of the declaring file."""
        return self.declaration.path.parent

    @property
    def modules(self) -> Path:
        """The folder of packages."""
        own = f"{self.declaration.path.stem}." if self.declaration.is_script else ""
        return self.root / f"{own}{FOLDER}{self._suffix}"

    @property
    def lock(self) -> Path:
        """The lock file, under a name that PEP 751 allows."""
        if self.declaration.is_script:
            stem = self.declaration.path.stem.replace(".", "-")
            return self.root / f"pylock.{stem}{self._suffix}.toml"
        return self.root / ("pylock.toml" if self.runtime == "pyodide" else f"pylock.{self.runtime}.toml")

    @property
    def aside(self) -> Path:
        """Where the old packages are for the moment in which new ones take their place."""
        return self.modules.with_name(f".{self.modules.name}.old")

    def problem(self) -> str | None:
        """
        Why the packages are not those that are declared and locked, as the rest of a sentence; None if they are.

        Reads two small files and the lock, and asks no network.
        """
        stamp = self.read_stamp()
        if not self.lock.is_file():
            return "are not locked yet" if stamp is None else f"have lost their lock file {self.lock.name}"
        if stamp is None:
            return f"are locked, but not installed in {self.modules.name}"
        if stamp.get("declared") != list(self.declaration.requirements):
            return f"have changed since {self.lock.name} was made"
        if stamp.get("lock") != self.lock_digest():
            return f"are not those of {self.lock.name}"
        for adapter in adapters_of(self.declaration.requirements):
            if stamp.get("adapters", {}).get(adapter.package) != adapter.digest():
                return f"hold {adapter.package} of another Stepwell"
        missing = [name for name in stamp.get("distributions", []) if not (self.modules / name).is_dir()]
        return f"are not all in {self.modules.name}" if missing else None

    def read_stamp(self) -> dict[str, Any] | None:
        """What was installed, as it was noted; None where nothing is, or not by us, or not to the end."""
        self.recover()
        try:
            stamp = json.loads((self.modules / STAMP).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return stamp if isinstance(stamp, dict) else None

    def lock_digest(self) -> str:
        """What the lock file says, in short."""
        import hashlib  # noqa: PLC0415 - it loads OpenSSL

        return hashlib.sha256(self.lock.read_bytes()).hexdigest()

    def recover(self) -> None:
        """Finish the exchange of old packages for new ones where a sync was killed in the middle of it."""
        if self.aside.is_dir() and not self.modules.exists():
            self.aside.rename(self.modules)
