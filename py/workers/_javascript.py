"""Modules of JavaScript's."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from _workflows_bridge.proxies import ffi, js

from ._context import wait_until
from ._env import env


def import_from_javascript(module_name: str) -> Any:  # noqa: ANN401 - whatever it exports
    """
    Import a module of JavaScript's.

    ``cloudflare:workers``, with ``env`` and ``waitUntil``, is there everywhere. Any other needs an interpreter that can
    wait for a promise in the middle of a function.

    Raises:
        ImportError: There is no such module, or this interpreter cannot wait for it.
    """
    if module_name == "cloudflare:workers":
        return SimpleNamespace(env=env, waitUntil=wait_until)
    if module_name.startswith("cloudflare:"):
        raise ImportError(f"{module_name!r} is a module of Cloudflare's network, which is not here.", name=module_name)
    if not ffi().can_run_sync():
        raise ImportError(
            f"Cannot import {module_name!r}: this interpreter cannot wait for JavaScript here. "
            "Await what js.eval('import(...)') gives.",
            name=module_name,
        )
    try:
        return ffi().run_sync(js().Function.new("name", "return import(name)")(module_name))
    except ffi().JsException as error:
        raise ImportError(f"Failed to import {module_name!r}: {error}", name=module_name) from None
