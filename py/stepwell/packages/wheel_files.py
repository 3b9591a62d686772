"""Wheels as files: what their names say, and a wheel from an installed package."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import re
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NATIVE_SUFFIXES = frozenset({".so", ".pyd", ".dylib", ".dll", ".a", ".o"})
TAG = "py3-none-any"
_INSTALLERS = frozenset({"INSTALLER", "REQUESTED", "RECORD", "direct_url.json", "uv_build.json", "uv_cache.json"})
"""Files of a `.dist-info` that an installer adds."""
_EPOCH = (1980, 1, 1, 0, 0, 0)


def is_for_any_platform(file_name: str) -> bool:
    """Whether the wheel *file_name* holds no native code."""
    return file_name.endswith("-any.whl")


def pack_pure_wheel(installed: Path, name: str, version: str, folder: Path) -> Path:
    """The wheel in *folder* of the one package that is installed in the folder *installed*."""
    info = next(installed.glob("*.dist-info"))
    wheel = folder / f"{re.sub(r'[-.]+', '_', name)}-{version}-{TAG}.whl"
    record = io.StringIO()
    rows = csv.writer(record, lineterminator="\n")
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(_files(installed, info)):
            content = _as_pure(path.read_bytes()) if path == info / "WHEEL" else path.read_bytes()
            relative = path.relative_to(installed).as_posix()
            archive.writestr(zipfile.ZipInfo(relative, _EPOCH), content, zipfile.ZIP_DEFLATED)
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
            rows.writerow([relative, f"sha256={digest}", len(content)])
        rows.writerow([f"{info.name}/RECORD", "", ""])
        archive.writestr(zipfile.ZipInfo(f"{info.name}/RECORD", _EPOCH), record.getvalue(), zipfile.ZIP_DEFLATED)
    return wheel


def _files(installed: Path, info: Path) -> Iterator[Path]:
    for path in installed.rglob("*"):
        is_made_by_installer = path.parent == info and path.name in _INSTALLERS
        # Scripts of an installation are for its Python; `entry_points.txt` still names them.
        is_script = path.relative_to(installed).parts[0] == "bin"
        if path.is_file() and not is_made_by_installer and not is_script and path.suffix != ".pyc":
            yield path


def _as_pure(text: bytes) -> bytes:
    """The file WHEEL of a wheel that was built with its native part in mind, as that of a pure one."""
    lines = [line for line in text.decode().splitlines() if line and not line.startswith(("Tag:", "Root-Is-Purelib:"))]
    return "\n".join([*lines, "Root-Is-Purelib: true", f"Tag: {TAG}", ""]).encode()
