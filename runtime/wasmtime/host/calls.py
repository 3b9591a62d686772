"""Calls into an instance and out of it, by what the package wasmtime offers. `direct.py` does the same, faster."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, Any

import wasmtime

from .limits import LimitReached

if TYPE_CHECKING:
    from collections.abc import Callable

    from wasmtime import component as components


class Caller:
    """Calls the exports of one instance. Each takes one or two texts and numbers, or nothing, and gives a text."""

    def __init__(self, store: wasmtime.Store) -> None:
        """For the instance in *store*."""
        self._store = store

    def call(self, function: components.Func, *arguments: str | int) -> str:
        """
        Call *function*.

        Raises:
            wasmtime.WasmtimeError: The instance is gone.
        """
        result: str = function(self._store, *arguments)
        return result


def add_import(root: components.LinkerInstance, name: str, function: Callable[..., None]) -> object:
    """
    Let instances call *function* as *name*. It takes texts and numbers, and gives nothing.

    Returns:
        What must live as long as any instance.
    """

    def call(_store: Any, *arguments: str | int) -> None:  # noqa: ANN401
        try:
            function(*arguments)
        except LimitReached as error:
            raise wasmtime.WasmtimeError(error.message) from None
        except Exception as error:  # noqa: BLE001 - a mistake of ours: it ends this instance and no other
            traceback.print_exc()
            raise wasmtime.WasmtimeError(f"The wasmtime runtime has failed: {error!r}.") from None

    root.add_func(name, call)
    return call
