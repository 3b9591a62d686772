"""
Packages of the guest in the test process: the SDK, so that tests can import workflow classes, and the bridge.

They come last: where another `workers` is installed, that is imported.
"""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from typing import TYPE_CHECKING

from stepwell.host_process import host_root

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

_FOLDERS = {"workers": "py/workers", "_workflows_bridge": "bridge", "workflow_graph": "py/workflow_graph"}


class GuestPackages:
    """Finds them where the host has them."""

    def find_spec(
        self, name: str, _path: Sequence[str] | None = None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The package called *name*, if it is one of the guest's."""
        if name not in _FOLDERS:
            return None
        folder = host_root() / _FOLDERS[name]
        init = folder / "__init__.py"
        if init.exists():
            return spec_from_file_location(name, init, submodule_search_locations=[str(folder)])
        spec = ModuleSpec(name, None, is_package=True)
        spec.submodule_search_locations = [str(folder)]
        return spec

    def invalidate_caches(self) -> None:
        """There are none."""


def mount_guest_packages() -> None:
    """Let the guest's packages be imported here. A second call changes nothing."""
    if not any(isinstance(finder, GuestPackages) for finder in sys.meta_path):
        sys.meta_path.append(GuestPackages())
