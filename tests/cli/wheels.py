"""Wheels of a few lines, in a folder that is all there is of an index."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import tarfile
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from places import Place

PURE = "py3-none-any"
PYODIDE = "cp314-cp314-pyemscripten_2026_0_wasm32"
ELSEWHERE = "cp314-cp314-win_amd64"


def make_wheel(  # noqa: PLR0913 - what makes a wheel
    index: Path,
    name: str,
    version: str,
    *,
    tag: str = PURE,
    requires: tuple[str, ...] = (),
    source: str = "",
    native: dict[str, bytes] | None = None,
) -> Path:
    """Write a wheel with one module, which knows its version, and the files *native*."""
    info = f"{name}-{version}.dist-info"
    metadata = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}"]
    metadata += [f"Requires-Dist: {each}" for each in requires]
    files = {
        f"{name}.py": source or f"VERSION = {version!r}\n",
        f"{info}/METADATA": "\n".join(metadata) + "\n",
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: {tag}\n",
    }
    binary = native or {}
    record = [f"{path},sha256={_digest(text)},{len(text.encode())}" for path, text in files.items()]
    files[f"{info}/RECORD"] = "\n".join([*record, f"{info}/RECORD,,"]) + "\n"
    index.mkdir(exist_ok=True)
    path = index / f"{name}-{version}-{tag}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name_, text in files.items():
            archive.writestr(name_, text)
        for name_, content in binary.items():
            archive.writestr(name_, content)
    return path


BACKEND = """
import base64, hashlib, io, os, subprocess, tarfile, zipfile

NAME, VERSION, NEEDS_NATIVE = {name!r}, {version!r}, {needs_native!r}


def _metadata():
    return f"Metadata-Version: 2.1\\nName: {{NAME}}\\nVersion: {{VERSION}}\\n"


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    info = f"{{NAME}}-{{VERSION}}.dist-info"
    compiled = subprocess.run([os.environ.get("CC", "cc"), "--version"], capture_output=True).returncode == 0
    if NEEDS_NATIVE and not compiled:
        raise SystemExit("no compiler")
    files = {{
        f"{{NAME}}.py": f"VERSION = {{VERSION!r}}\\n".encode(),
        f"{{info}}/METADATA": _metadata().encode(),
        f"{{info}}/WHEEL": b"Wheel-Version: 1.0\\nRoot-Is-Purelib: false\\nTag: py3-none-any\\n",
    }}
    if compiled:
        files[f"_{{NAME}}.so"] = b"native"
    record = []
    for path, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        record.append(f"{{path}},sha256={{digest}},{{len(content)}}")
    files[f"{{info}}/RECORD"] = "\\n".join([*record, f"{{info}}/RECORD,,", ""]).encode()
    name = f"{{NAME}}-{{VERSION}}-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(wheel_directory, name), "w") as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return name
"""
"""A build backend that adds a native file where there is a compiler. It needs no other package."""


def make_source(index: Path, name: str, version: str, *, needs_native: bool = False) -> Path:
    """Write a source distribution whose native part is optional, or not with *needs_native*."""
    files = {
        "pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        f'[project]\nname = "{name}"\nversion = "{version}"\n',
        "backend.py": BACKEND.format(name=name, version=version, needs_native=needs_native),
        "PKG-INFO": f"Metadata-Version: 2.2\nName: {name}\nVersion: {version}\n",
    }
    path = index / f"{name}-{version}.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for inside, text in files.items():
            member = tarfile.TarInfo(f"{name}-{version}/{inside}")
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return path


def declare(place: Place, *requirements: str, more: str = "") -> None:
    """Write a project file that declares *requirements*."""
    listed = json.dumps(list(requirements))
    place.write("pyproject.toml", f'[project]\nname = "flows"\nversion = "0"\ndependencies = {listed}\n{more}\n')


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
