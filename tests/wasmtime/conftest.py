"""The modules of the host process, as they are called there."""

from __future__ import annotations

import importlib
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "runtime" / "wasmtime" / "host"


def load(name: str, path: Path):
    """The module in the file *path*."""
    spec = spec_from_file_location(name, path)
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def load_host_module(name: str):
    """One that imports no other of them."""
    return load(f"stepwell_host_{name}", FOLDER / f"{name}.py")


@pytest.fixture(scope="session")
def host():
    """The package of the host process, as its program mounts it."""
    pytest.importorskip("wasmtime", reason="stepwell[wasmtime] is not installed")
    finders = list(sys.meta_path)
    load("_stepwell_mount", ROOT / "runtime/process/mount.py").mount("_stepwell_wasmtime")
    yield lambda name: importlib.import_module(f"_stepwell_wasmtime.{name}")
    sys.meta_path[:] = finders
