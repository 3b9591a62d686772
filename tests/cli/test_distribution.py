"""`stepwell sync` with a Pyodide distribution: a small one, with a native module that is linked to a shared library."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import threading
import tomllib
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
from side_modules import ANSWER, extension_module, shared_library
from wheels import PYODIDE, declare, make_wheel

from stepwell.host_process import host_root

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from places import Place

FLOW = """
    import tiny
    import helper
    from workers import WorkflowEntrypoint


    class Answer(WorkflowEntrypoint):
        async def run(self, event, step):
            return [tiny.ANSWER, helper.VERSION]
"""


@pytest.fixture
def distribution(place: Place, index: Path, own_cache: Path) -> Path:
    """
    The folder `dist` of the project: package tiny, its library, and a package that the lock file says it needs.

    The index has the newest tiny for this machine alone.
    """
    folder = place.folder / "dist"
    native = {"tiny.cpython-314-wasm32-emscripten.so": extension_module("tiny", "libtiny.so")}
    wheel = make_wheel(folder, "tiny", "1.0", tag=PYODIDE, source="#", native=native)
    # The module is the native one.
    _drop(wheel, "tiny.py")
    helper = make_wheel(folder, "helper", "3.0")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("libtiny.so", shared_library())
    (folder / "libtiny-1.0.zip").write_bytes(packed.getvalue())
    _write_lock(
        folder,
        {
            "tiny": _entry(wheel, "1.0", ["libtiny", "helper"]),
            "helper": _entry(helper, "3.0", []),
            "libtiny": {**_entry(folder / "libtiny-1.0.zip", "1.0", []), "package_type": "shared_library"},
        },
    )
    make_wheel(index, "tiny", "2.0", tag="cp314-cp314-manylinux_2_17_x86_64")
    place.environment["STEPWELL_CACHE"] = str(own_cache)
    shutil.rmtree(own_cache / "pyodide-packages", ignore_errors=True)
    place.write("flow.py", FLOW)
    _name(place, "dist")
    return folder


def _name(place: Place, address: str) -> None:
    declare(place, "tiny", more=f"[tool.stepwell]\npyodide-distribution = {json.dumps(address)}")


def _entry(path: Path, version: str, depends: list[str]) -> dict[str, object]:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return {"version": version, "file_name": path.name, "sha256": digest, "depends": depends, "package_type": "package"}


def _write_lock(folder: Path, packages: dict[str, dict[str, object]], **info: str) -> None:
    ours = json.loads((host_root() / "node_modules" / "pyodide" / "pyodide-lock.json").read_text(encoding="utf-8"))
    lock = {"info": {**ours["info"], **info}, "packages": {name: {"name": name, **it} for name, it in packages.items()}}
    (folder / "pyodide-lock.json").write_text(json.dumps(lock), encoding="utf-8")


def _packages(folder: Path) -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = json.loads((folder / "pyodide-lock.json").read_text())["packages"]
    return found


def _drop(wheel: Path, name: str) -> None:
    with zipfile.ZipFile(wheel) as archive:
        contents = {each: archive.read(each) for each in archive.namelist() if each != name}
    with zipfile.ZipFile(wheel, "w") as archive:
        for each, content in contents.items():
            lines = content.splitlines(keepends=True)
            is_record = each.endswith("RECORD")
            kept = b"".join(line for line in lines if not line.startswith(name.encode())) if is_record else content
            archive.writestr(each, kept)


@pytest.fixture
def address(distribution: Path) -> Iterator[str]:
    """The distribution at an address of this machine."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(distribution))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()


@pytest.mark.usefixtures("distribution")
def test_folder(place: Place) -> None:
    """A package with native code is installed with its library, and its native code runs."""
    done = place.run("sync")

    assert done.code == 0, done.err
    assert place.run("run", "flow.py", "--quiet").json == [ANSWER, "3.0"]
    lock = tomllib.loads((place.folder / "pylock.toml").read_text())
    assert [library["path"] for library in lock["tool"]["stepwell"]["libraries"]] == ["dist/libtiny-1.0.zip"]
    shutil.rmtree(place.folder / "python_modules")
    assert place.run("sync").code == 0
    assert place.run("run", "flow.py", "--quiet").json == [ANSWER, "3.0"]


def test_address(place: Place, address: str) -> None:
    """A distribution may be at an address, which the lock file then names."""
    _name(place, address)
    place.environment["UV_OFFLINE"] = "0"

    done = place.run("sync")

    assert done.code == 0, done.err
    assert place.run("run", "flow.py", "--quiet").json == [ANSWER, "3.0"]
    assert f'{address}tiny-1.0-{PYODIDE}.whl"' in (place.folder / "pylock.toml").read_text()


@pytest.mark.parametrize("name", ["libtiny", "tiny"])
def test_wrong_hash(place: Place, distribution: Path, name: str) -> None:
    """A file that is not what the distribution's lock file says is refused."""
    file = distribution / str(_packages(distribution)[name]["file_name"])
    file.write_bytes(file.read_bytes() + b"x")

    done = place.run("sync")

    assert done.code == 2
    assert f"{file.name} is not the file that pyodide-lock.json names: its sha256 is " in done.err
    assert not (place.folder / "python_modules").exists()


def test_missing_file(place: Place, distribution: Path) -> None:
    """A file that the distribution lacks is named."""
    (distribution / "libtiny-1.0.zip").unlink()

    done = place.run("sync")

    assert done.code == 2
    assert "libtiny-1.0.zip cannot be read: " in done.err


def test_missing_package(place: Place, distribution: Path) -> None:
    """A package that another one of the distribution needs is named where it is missing."""
    packages = _packages(distribution)
    del packages["helper"]
    _write_lock(distribution, packages)

    done = place.run("sync")

    assert done.code == 2
    assert "pyodide-lock.json has no package 'helper', which another of its packages needs." in done.err


@pytest.mark.parametrize("key", ["abi_version", "platform", "python"])
def test_other_pyodide(place: Place, distribution: Path, key: str) -> None:
    """A distribution of another Pyodide is refused by what tells them apart."""
    _write_lock(distribution, _packages(distribution), **{key: "2024_0"})

    done = place.run("sync")

    assert done.code == 2
    assert f"is for another Pyodide: its {key} is '2024_0', expected " in done.err


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", "is not JSON"),
        ("{}", "it needs the tables info and packages"),
        ('{"info": {}, "packages": {"a": 1}}', "each package must be a table"),
    ],
)
def test_broken_lock(place: Place, distribution: Path, text: str, complaint: str) -> None:
    (distribution / "pyodide-lock.json").write_text(text)

    done = place.run("sync")

    assert (done.code, complaint in done.err) == (2, True), done.err


@pytest.mark.usefixtures("distribution")
@pytest.mark.parametrize(
    ("value", "complaint"),
    [("nowhere", "nowhere is not a folder"), ("", "must be an address or a folder"), (".", "cannot be read")],
)
def test_bad_setting(place: Place, value: str, complaint: str) -> None:
    _name(place, value)

    done = place.run("sync")

    assert (done.code, complaint in done.err) == (2, True), done.err
