"""Changes to packages that expect threads or sockets, made when they are imported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from _stepwell_runtime.import_patches import patch_imports

from . import aiohttp_transport, httpx_transport, urllib3_transport

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType


def _run_inline(module: ModuleType) -> None:
    """What anyio runs in a thread, runs here: there is one thread. Its callers look the function up in the module."""

    async def run_sync(func: Callable[..., Any], *args: Any, **_options: Any) -> Any:  # noqa: ANN401 - as it is called
        return func(*args)

    module.run_sync = run_sync  # type: ignore[attr-defined]


_PATCHES: dict[str, Callable[[ModuleType], None]] = {
    "aiohttp.connector": aiohttp_transport.connect,
    "anyio.to_thread": _run_inline,
    "httpx._transports.default": httpx_transport.connect,
    "urllib3.contrib.emscripten.fetch": urllib3_transport.connect,
}


def install() -> None:
    """Change those that are imported from now on."""
    patch_imports(_PATCHES)
