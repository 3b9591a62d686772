"""
Makes the component of the wasmtime runtime: `python build.py FOLDER`, or `python build.py --find` for where it is.

It is named after everything that goes into it, so nothing is made twice and nothing stale is ever used.
componentize-py, which makes it, is a build requirement; an installed wheel has the component.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager, suppress
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]
COMPONENTIZE = "componentize-py==0.25.1"
NOT_INSTALLED = 2
"""The exit code where it is not installed: `files.js` tells it from a fault."""
PACKAGES = ("workers", "_workflows_bridge", "_stepwell_runtime", "_stepwell_sandbox")
"""What an interpreter has. `runtime/packages.json` has the folder of each."""
WIT = "runtime/wasmtime/guest.wit"
IMMORTAL = "runtime/wasmtime/immortal.py"
APP = "_stepwell_sandbox.component"


def key(tree: Path = ROOT) -> str:
    """A name for what the component is made of."""
    digest = hashlib.sha256(COMPONENTIZE.encode())
    for path in (
        tree / WIT,
        tree / IMMORTAL,
        *(path for folder in _folders(tree).values() for path in _sources(folder)),
    ):
        digest.update(path.relative_to(tree).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:32]


def _folders(tree: Path) -> dict[str, Path]:
    """The folders of `PACKAGES`."""
    folders = json.loads((tree / "runtime" / "packages.json").read_text(encoding="utf-8"))
    return {package: tree / folders[package] for package in PACKAGES}


def _sources(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*.py") if "__pycache__" not in path.parts)


def name(tree: Path = ROOT) -> str:
    """The file's name."""
    return f"sandbox-{key(tree)}.wasm"


def cache() -> Path:
    """The user's."""
    own = os.environ.get("STEPWELL_CACHE")
    return Path(own) if own else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "stepwell"


def find(tree: Path = ROOT) -> Path:
    """
    The component of *tree*: the one that came with it, the one in the user's cache, or a new one there.

    Raises:
        SystemExit: There is none, and what makes it is not installed.
    """
    for folder in (tree / "components", cache()):
        if (folder / name(tree)).exists():
            return folder / name(tree)
    with _alone(cache()):
        return make(cache(), tree)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Wait for others that make one in *folder*: it takes half a minute of a processor."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "sandbox.lock").open("a") as file:
        with suppress(ImportError):  # Windows has none, and makes as many as are asked for
            import fcntl  # noqa: PLC0415

            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def make(folder: Path, tree: Path = ROOT) -> Path:
    """Put the component of *tree* into *folder*, from the user's cache if it has been made before."""
    place = folder / name(tree)
    kept = cache() / name(tree)
    if place.exists():
        return place
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f"{place.name}.{os.getpid()}"
    try:
        if kept.exists():
            shutil.copyfile(kept, draft)
        else:
            _build(tree, draft)
        draft.replace(place)
    finally:
        draft.unlink(missing_ok=True)
    for old in folder.glob("sandbox-*.wasm"):
        if old != place and folder != cache():
            old.unlink()
    if folder != cache() and not kept.exists():
        _keep(place, kept)
    return place


def _keep(place: Path, kept: Path) -> None:
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        draft = kept.with_name(f"{kept.name}.{os.getpid()}")
        shutil.copyfile(place, draft)
        draft.replace(kept)
        others = sorted(kept.parent.glob("sandbox-*.wasm"), key=lambda path: path.stat().st_mtime, reverse=True)
        for old in others[3:]:
            old.unlink(missing_ok=True)
    except OSError:
        pass  # it costs time at the next build, no more


def _build(tree: Path, place: Path) -> None:
    program = Path(sys.executable).with_name("componentize-py")
    command = [str(program)] if program.exists() else [shutil.which("componentize-py") or ""]
    if not command[0]:
        sys.stderr.write(
            "The component of the wasmtime runtime is missing, and the program that makes it is not installed. "
            f"Install it with: pip install {COMPONENTIZE}\n"
        )
        raise SystemExit(NOT_INSTALLED)
    with tempfile.TemporaryDirectory(prefix="stepwell-component-") as stage:
        for package, source in _folders(tree).items():
            shutil.copytree(source, Path(stage) / package, ignore=shutil.ignore_patterns("__pycache__", "*.js"))
        done = subprocess.run(  # noqa: S603 - our own words
            [*command, "-q", "-d", str(tree / WIT), "-w", "guest", "componentize", APP, "-p", stage, "-o", str(place)],
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=stage,
        )
    if done.returncode:
        raise SystemExit(f"componentize-py failed with {done.returncode}:\n{done.stdout}")
    make_objects_immortal(place, tree)


def make_objects_immortal(place: Path, tree: Path = ROOT) -> None:
    """Change the component at *place* as `immortal.py` says; with a warning, leave it where that does not know it."""
    component = bytearray(place.read_bytes())
    immortal = _load(tree / IMMORTAL)
    try:
        immortal.make_immortal(component)
    except immortal.UnknownHeapImage as error:
        text = f"stepwell: instances of the wasmtime runtime will need more memory and start slower: {error}\n"
        sys.stderr.write(text)
        return
    place.write_bytes(component)


def _load(path: Path) -> ModuleType:
    """The module in the file *path*: this program is run from anywhere."""
    spec = spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{path} is missing.")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    if len(sys.argv) != 2:  # noqa: PLR2004
        raise SystemExit("Usage: python build.py FOLDER | --find")
    print(find() if sys.argv[1] == "--find" else make(Path(sys.argv[1]).resolve()))  # noqa: T201
