"""What the tests of graphs share: the package, which guests mount, and the flows with their expected graphs."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def load_package() -> None:
    """Let tests import `workflow_graph`. With `py` on the path `workers` would be importable too."""
    if "workflow_graph" in sys.modules:
        return
    folder = ROOT / "py" / "workflow_graph"
    spec = importlib.util.spec_from_file_location(
        "workflow_graph", folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    assert spec
    assert spec.loader
    module = sys.modules["workflow_graph"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)


load_package()
