"""Mount the bridge's Python half under the name that it has in a guest, and put the SDK beside it."""

import sys
from importlib.machinery import ModuleSpec
from importlib.util import module_from_spec
from pathlib import Path

ROOT = Path(__file__).parents[2]


def mount_bridge():
    """Make `_workflows_bridge` and `workers` importable. A second call changes nothing."""
    if "_workflows_bridge" not in sys.modules:
        spec = ModuleSpec("_workflows_bridge", None, is_package=True)
        spec.submodule_search_locations = [str(ROOT / "bridge")]
        sys.modules["_workflows_bridge"] = module_from_spec(spec)
        sys.path[:0] = [str(ROOT / "py"), str(Path(__file__).parent)]
