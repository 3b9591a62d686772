"""
The component, compiled for this machine once and kept.

What is kept is named after the component's contents, wasmtime's version and the checksum of the file itself, so that it
is whole or not believed. It is written beside its place and renamed; a second process waits for the first.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import zlib
from importlib.metadata import version
from typing import TYPE_CHECKING

import wasmtime
from wasmtime import component as components

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_MAX_KEPT = 3
_BLOCK_BYTES = 1 << 20


def load(
    engine: wasmtime.Engine, component: Path, cache: Path, compiling: Callable[[], None] = lambda: None
) -> components.Component:
    """
    The component at *component*, from *cache* if it is there.

    Else it is compiled, here or by a process that has begun to, which takes seconds; *compiling* is called before.

    Raises:
        DamagedComponent: It cannot be.
    """
    key = _key(component)
    if found := _find(engine, cache, key):
        return found
    compiling()
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with _locked(cache / f"{key}.lock"):
            # Whoever had the lock may have made it.
            found = _find(engine, cache, key)
            if found is None:
                _store(cache, key, _compile(engine, component).serialize())
                found = _find(engine, cache, key)
    except OSError:
        found = None  # a cache that cannot be written costs time at each start, no more
    return found or _compile(engine, component)


def _key(component: Path) -> str:
    digest = hashlib.sha256()
    with component.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
    digest.update(f"{version('wasmtime')} {platform.system()} {platform.machine()}".encode())
    return digest.hexdigest()[:32]


class DamagedComponent(Exception):  # noqa: N818 - what it says
    """What is to be compiled is no component."""


def _compile(engine: wasmtime.Engine, component: Path) -> components.Component:
    try:
        return components.Component(engine, component.read_bytes())
    except wasmtime.WasmtimeError as error:
        reason = str(error).partition("\n")[0]
        msg = f"{component} is damaged: {reason}. Delete it if it lies in a cache, else install stepwell again."
        raise DamagedComponent(msg) from None


def _find(engine: wasmtime.Engine, cache: Path, key: str) -> components.Component | None:
    """What is kept under *key*. What is there and is not whole is removed."""
    for path in cache.glob(f"{key}-*.cwasm"):
        with contextlib.suppress(OSError, wasmtime.WasmtimeError):
            if path.name == _name(key, path.stat().st_size, _checksum(path)):
                return components.Component.deserialize_file(engine, str(path))
        with contextlib.suppress(OSError):
            path.unlink()
    return None


def _store(cache: Path, key: str, data: bytearray) -> None:
    place = cache / _name(key, len(data), zlib.crc32(data))
    draft = cache / f"{place.name}.{os.getpid()}"
    try:
        draft.write_bytes(data)
        draft.replace(place)
    finally:
        draft.unlink(missing_ok=True)
    others = sorted(cache.glob("*.cwasm"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in others[_MAX_KEPT:]:
        path.unlink(missing_ok=True)


def _name(key: str, size: int, checksum: int) -> str:
    return f"{key}-{size}-{checksum:08x}.cwasm"


def _checksum(path: Path) -> int:
    value = 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            value = zlib.crc32(block, value)
    return value


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("a") as file:
        try:
            import fcntl  # noqa: PLC0415 - Windows has none, and compiles twice
        except ImportError:
            yield
            return
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
