"""Files of a lock that no index has as they are: pure wheels from source, and files of a Pyodide distribution."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stepwell.exceptions import InputError
from stepwell.packages.distribution import read_address
from stepwell.packages.locks import locked_versions, noted_in, read_lock, replace_package
from stepwell.packages.pure_wheels import PureWheels

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stepwell.packages.distribution import Distribution
    from stepwell.packages.package_folder import PackageFolder
    from stepwell.packages.resolution import Resolution

LIBRARIES = "native_libraries"
"""The folder of shared libraries in a folder of packages. `runtime/pyodide/mount.js` has the same name."""
PURE, NATIVE = "pure", "libraries"
"""Keys of `[tool.stepwell]` in a lock file: packages that are built from source, and shared libraries."""


def note_origins(resolution: Resolution, lock: Path) -> dict[str, Any]:
    """Let *lock* name sources and addresses in the place of files in the cache; returns what is to be noted besides."""
    locked = locked_versions(lock)
    pure = [name for name, source in resolution.sources.items() if locked.get(name) == source["version"]]
    for name in pure:
        replace_package(lock, name, {key: resolution.sources[name][key] for key in ("name", "version", "sdist")})
    distribution = resolution.distribution
    libraries = []
    for name in resolution.supplied if distribution else []:
        assert distribution is not None  # noqa: S101 - it supplied them
        if distribution.is_library(name):
            libraries.append({"name": name, **_file(distribution, name)})
        elif locked.get(name) == distribution.packages[name]["version"]:
            wheels = [{**_file(distribution, name)}]
            replace_package(lock, name, {"name": name, "version": locked[name], "wheels": wheels})
    return {**({PURE: pure} if pure else {}), **({NATIVE: libraries} if libraries else {})}


def _file(distribution: Distribution, name: str) -> dict[str, Any]:
    return {"url": distribution.address(name), "hashes": {"sha256": distribution.packages[name]["sha256"]}}


@contextlib.contextmanager
def installable_lock(folder: PackageFolder, lock: Path) -> Iterator[Path]:
    """*lock* with pure wheels in the place of the sources that are built without their native part, while needed."""
    pure = set(noted_in(lock, PURE))
    if not pure:
        yield lock
        return
    builder = PureWheels(folder.root)
    complete = lock.with_name(lock.name.replace(".toml", "-complete.toml"))
    shutil.copyfile(lock, complete)
    try:
        for package in read_lock(lock).get("packages", []):
            if package["name"] in pure:
                wheel = builder.make(package)
                file = {"url": wheel.as_uri(), "hashes": {"sha256": hashlib.sha256(wheel.read_bytes()).hexdigest()}}
                replace_package(
                    complete, package["name"], {key: package[key] for key in ("name", "version")} | {"wheels": [file]}
                )
        yield complete
    finally:
        complete.unlink(missing_ok=True)


def install_libraries(folder: PackageFolder, lock: Path, modules: Path) -> None:
    """Unpack the shared libraries that *lock* notes into *modules*."""
    for library in noted_in(lock, NATIVE):
        place = library.get("url") or (folder.root / library["path"]).as_uri()
        content = read_address(place, str(folder.lock))
        found, expected = hashlib.sha256(content).hexdigest(), library["hashes"]["sha256"]
        if found != expected:
            raise InputError(
                f"{place} is not the library {library['name']} that {folder.lock.name} locks: its sha256 is {found}, "
                f"expected {expected}. Nothing was changed."
            )
        _unpack(content, library, modules / LIBRARIES)


def _unpack(content: bytes, library: Mapping[str, Any], target: Path) -> None:
    target.mkdir(exist_ok=True)
    with tempfile.TemporaryFile() as file:
        file.write(content)
        try:
            with zipfile.ZipFile(file) as archive:
                for member in archive.infolist():
                    name = Path(member.filename).name
                    # Libraries find each other by their names alone, so folders in the archive mean nothing.
                    if not member.is_dir() and ".so" in name:
                        (target / name).write_bytes(archive.read(member))
        except zipfile.BadZipFile as error:
            raise InputError(
                f"The library {library['name']} is not a zip file: {error}. Nothing was changed."
            ) from error
