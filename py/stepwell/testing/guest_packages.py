"""
Packages of the guest in the test process: the SDK, so that tests can import workflow classes, and the bridge.

A project's own `workers` comes first. Cloudflare's SDK of that name, which only runs in an interpreter with JavaScript,
does not. Neither does the folder of types that an installation of the wheel adds to `sys.path` for type checkers.
"""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING

from stepwell.host_process import host_root

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

_TYPES = Path(__file__).parents[1] / "_guest_types"
_FOLDERS = {"workers": "py/workers", "_workflows_bridge": "bridge", "workflow_graph": "py/workflow_graph"}


class GuestPackages:
    """Finds them where the host has them."""

    def find_spec(
        self, name: str, _path: Sequence[str] | None = None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The package called *name*, if it is one of the guest's."""
        if name not in _FOLDERS or (name == "workers" and _has_own_workers()):
            return None
        folder = host_root() / _FOLDERS[name]
        init = folder / "__init__.py"
        if init.exists():
            return spec_from_file_location(name, init, submodule_search_locations=[str(folder)])
        spec = ModuleSpec(name, None, is_package=True)
        spec.submodule_search_locations = [str(folder)]
        return spec

    def invalidate_caches(self) -> None:
        """Do nothing: this finder has no caches."""


def _has_own_workers() -> bool:
    """Whether `workers` is a module of the project, or of another package of this Python."""
    spec = PathFinder.find_spec("workers")
    # A folder of that name need not be a package.
    if spec is None or spec.origin is None:
        return False
    folder = Path(spec.origin).parents[1]
    return folder != _TYPES and not any(folder.glob("workers_runtime_sdk-*.dist-info"))


def mount_guest_packages() -> None:
    """Let the guest's packages be imported here. A second call changes nothing."""
    if not any(isinstance(finder, GuestPackages) for finder in sys.meta_path):
        sys.meta_path.insert(0, GuestPackages())
