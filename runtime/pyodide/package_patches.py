"""Changes to packages that expect threads or sockets, made when they are imported."""

from __future__ import annotations

import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import PathFinder
from typing import TYPE_CHECKING, Any

from . import httpx_transport, urllib3_transport

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType


def _run_inline(module: ModuleType) -> None:
    """What anyio runs in a thread, runs here: there is one thread. Its callers look the function up in the module."""

    async def run_sync(func: Callable[..., Any], *args: Any, **_options: Any) -> Any:  # noqa: ANN401 - as it is called
        return func(*args)

    module.run_sync = run_sync  # type: ignore[attr-defined]


_PATCHES: dict[str, Callable[[ModuleType], None]] = {
    "anyio.to_thread": _run_inline,
    "httpx._transports.default": httpx_transport.connect,
    "urllib3.contrib.emscripten.fetch": urllib3_transport.connect,
}


class _PatchingFinder(MetaPathFinder):
    """Finds the modules that are changed, and has them changed."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        patch = _PATCHES.get(fullname)
        spec = PathFinder.find_spec(fullname, path, target) if patch else None
        if patch and spec and spec.loader:
            spec.loader = _PatchingLoader(spec.loader, patch)
        return spec


class _PatchingLoader(Loader):
    def __init__(self, loader: Any, patch: Callable[[ModuleType], None]) -> None:  # noqa: ANN401 - any loader
        self._loader = loader
        self._patch = patch

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        module: ModuleType | None = self._loader.create_module(spec)
        return module

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        self._patch(module)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the loader has
        return getattr(self._loader, name)


def install() -> None:
    """Change those that are imported from now on."""
    sys.meta_path.insert(0, _PatchingFinder())
