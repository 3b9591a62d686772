"""
How an instance that keeps its thread is stopped.

wasmtime calls back when the engine's epoch has moved on, so that the instance can be checked at every tick. The Python
package has no public name for that, so the C library is called here. Where it lacks the function, the instance gets a
number of ticks that is large for what it may use, and a trap at their end.
"""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any

import wasmtime

from .fast_paths import note_lost
from .limits import LimitReached

if TYPE_CHECKING:
    from collections.abc import Callable

TICK_S = 0.01
"""Seconds between two checks of an instance that runs."""
TIME_PER_CPU = 4
"""Seconds that an instance may take for each second of its processor time, where it cannot be checked."""
_UNLIMITED_TICKS = 1 << 40

_CALLBACK = ctypes.CFUNCTYPE(
    ctypes.c_void_p,
    ctypes.c_void_p,
    ctypes.c_void_p,
    ctypes.POINTER(ctypes.c_uint64),
    ctypes.POINTER(ctypes.c_uint8),
)
_FINALIZER = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
_NO_FINALIZER = ctypes.cast(0, _FINALIZER)
_set_callback: Any = None
_new_error: Any = None

try:
    from wasmtime import _ffi as ffi

    _library: Any = ffi.dll
    _set_callback = ctypes.CFUNCTYPE(None, ctypes.c_void_p, _CALLBACK, ctypes.c_void_p, _FINALIZER)(
        ("wasmtime_store_epoch_deadline_callback", _library)
    )
    _new_error = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_char_p)(("wasmtime_error_new", _library))
except (ImportError, AttributeError):
    _set_callback = None
    note_lost(
        f"an instance is stopped after {TIME_PER_CPU} times its limit of processor time, and not before, "
        "also when its step has timed out"
    )

IS_CHECKED = _set_callback is not None
"""Whether instances are checked at every tick."""


class Deadline:
    """The deadline of one instance."""

    def __init__(self, store: wasmtime.Store, check: Callable[[], None]) -> None:
        """Have *check* called, at every tick, while the instance in *store* runs. What it raises ends the instance."""
        self._store = store
        self._check = check
        if IS_CHECKED:
            # Kept, or Python would free it while WebAssembly still calls it.
            self._callback = _CALLBACK(self._on_tick)
            _set_callback(ctypes.cast(store.ptr(), ctypes.c_void_p), self._callback, None, _NO_FINALIZER)

    def begin(self, budget_ms: float | None) -> None:
        """The instance is about to run. *budget_ms* is what it may use of a processor; None: all of it."""
        ticks = 1
        if not IS_CHECKED:
            ticks = _UNLIMITED_TICKS if budget_ms is None else int(budget_ms * TIME_PER_CPU / 1000 / TICK_S) + 2
        self._store.set_epoch_deadline(ticks)

    def _on_tick(self, _context: Any, _data: Any, delta: Any, kind: Any) -> int | None:  # noqa: ANN401 - of C
        try:
            self._check()
        except LimitReached as error:
            failure: int | None = _new_error(error.message.encode())
            return failure
        delta[0] = 1
        kind[0] = 0
        return None
