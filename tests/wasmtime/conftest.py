"""The modules of the host process, as they are called there."""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "runtime" / "wasmtime" / "host"


def load_host_module(name: str):
    """One that imports no other of them."""
    spec = spec_from_file_location(f"stepwell_host_{name}", FOLDER / f"{name}.py")
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
