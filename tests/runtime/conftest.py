"""Mount what the runtimes for Python share, under the name that it has in a guest."""

import sys
from importlib.machinery import ModuleSpec
from importlib.util import module_from_spec
from pathlib import Path

from bridge_package import mount_bridge

mount_bridge()
if "_stepwell_runtime" not in sys.modules:
    spec = ModuleSpec("_stepwell_runtime", None, is_package=True)
    spec.submodule_search_locations = [str(Path(__file__).parents[2] / "runtime" / "python")]
    sys.modules["_stepwell_runtime"] = module_from_spec(spec)
