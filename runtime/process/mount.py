"""
Mounting: the guest's packages, found where they stand in the host tree and not where this Python looks for its own.

`workers` is ours in a guest, whatever else is installed under that name. This file is read before anything of ours can
be imported, by any Python that somebody may have named: it says so if that is too old.
"""

import json
import sys
from os.path import abspath, dirname, exists, join

try:
    from importlib.machinery import ModuleSpec
    from importlib.util import spec_from_file_location
except ImportError:  # Python 2: `check_version` says so
    ModuleSpec = spec_from_file_location = None

ROOT = dirname(dirname(dirname(abspath(__file__))))
OLDEST = (3, 11)
PACKAGES = ("workers", "_workflows_bridge", "_stepwell_runtime", "_stepwell_process")
"""Those of every guest in a process. `runtime/packages.json` has the folder of each."""


class _Finder(object):
    def __init__(self, packages):
        self._packages = packages

    def find_spec(self, name, _path=None, _target=None):
        """The package called *name*, if it is one of ours."""
        if name not in self._packages:
            return None
        folder = join(ROOT, *self._packages[name].split("/"))
        init = join(folder, "__init__.py")
        if exists(init):
            return spec_from_file_location(name, init, submodule_search_locations=[folder])
        spec = ModuleSpec(name, None, is_package=True)
        spec.submodule_search_locations = [folder]
        return spec

    def invalidate_caches(self):
        """There are none."""


def check_version():
    """Leave, and say why, where this Python cannot run workflows."""
    if sys.version_info < OLDEST:
        wanted = ".".join(map(str, OLDEST))
        found = ".".join(map(str, sys.version_info[:3]))
        sys.stderr.write("%s is Python %s; workflows need %s or newer.\n" % (sys.executable, found, wanted))
        sys.exit(78)


def mount(*names):
    """Let the packages of every guest be imported, and those called *names* besides."""
    with open(join(ROOT, "runtime", "packages.json")) as file:
        folders = json.load(file)
    sys.meta_path.insert(0, _Finder({name: folders[name] for name in PACKAGES + names}))
