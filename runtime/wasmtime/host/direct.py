"""
Calls into an instance and out of it: as `calls.py`, at half the cost of a step.

What the package wasmtime does for values of any type, done for texts and numbers alone: there are several calls a step,
and the package looks at the types of each anew. This uses names of the package that it does not promise to keep, so
importing it fails where they are gone or mean something else, and `calls.py` takes its place.
"""

from __future__ import annotations

import ctypes
import traceback
from typing import TYPE_CHECKING, Any

import wasmtime
from wasmtime import _bindings as bindings
from wasmtime import _ffi as ffi

from .limits import LimitReached

if TYPE_CHECKING:
    from collections.abc import Callable

    from wasmtime import component as components

_TEXT = ffi.WASMTIME_COMPONENT_STRING.value
_NUMBER = ffi.WASMTIME_COMPONENT_U32.value


class _Text(ctypes.Structure):
    _fields_ = (("size", ctypes.c_size_t), ("data", ctypes.c_void_p))


class _Content(ctypes.Union):
    _fields_ = (("text", _Text), ("number", ctypes.c_uint32), ("any", bindings.wasmtime_component_valunion_t))


class _Value(ctypes.Structure):
    """wasmtime's own `wasmtime_component_val_t`."""

    _fields_ = (("kind", ctypes.c_uint8), ("of", _Content))


_Arguments = _Value * 2
_LIBRARY: ctypes.CDLL = bindings.dll  # type: ignore[attr-defined]
_DELETE = ctypes.CFUNCTYPE(None, ctypes.POINTER(_Value))(("wasmtime_component_val_delete", _LIBRARY))
_CALL = ctypes.CFUNCTYPE(
    ctypes.c_void_p,
    ctypes.c_void_p,
    ctypes.c_void_p,
    ctypes.POINTER(_Value),
    ctypes.c_size_t,
    ctypes.POINTER(_Value),
    ctypes.c_size_t,
)(("wasmtime_component_func_call", _LIBRARY))
_CALLBACK = ctypes.CFUNCTYPE(
    ctypes.c_size_t,
    ctypes.c_void_p,
    ctypes.c_void_p,
    ctypes.c_void_p,
    ctypes.POINTER(_Value),
    ctypes.c_size_t,
    ctypes.c_void_p,
    ctypes.c_size_t,
)
_NO_FINALIZER = ctypes.cast(0, ctypes.CFUNCTYPE(None, ctypes.c_void_p))
_ADD = ctypes.CFUNCTYPE(
    ctypes.c_void_p,
    ctypes.c_void_p,
    ctypes.c_char_p,
    ctypes.c_size_t,
    _CALLBACK,
    ctypes.c_void_p,
    type(_NO_FINALIZER),
)(("wasmtime_component_linker_instance_add_func", _LIBRARY))


_theirs, _ours = bindings.wasmtime_component_val_t, _Value
if (ctypes.sizeof(_theirs), _theirs.kind.offset, _theirs.of.offset) != (
    ctypes.sizeof(_ours),
    _ours.kind.offset,
    _ours.of.offset,
):
    raise ImportError("The package wasmtime lays out values in another way.")


class Caller:
    """Calls the exports of one instance. Each takes one or two texts and numbers, or nothing, and gives a text."""

    def __init__(self, store: wasmtime.Store) -> None:
        """For the instance in *store*."""
        self._context = store._context()  # noqa: SLF001 - what any call of the package takes
        self._arguments = _Arguments()
        self._result = _Value()

    def call(self, function: components.Func, *arguments: str | int) -> str:
        """
        Call *function*.

        Raises:
            wasmtime.WasmtimeError: The instance is gone.
        """
        kept = [_put(place, value) for place, value in zip(self._arguments, arguments, strict=False)]
        result = self._result
        failed = _CALL(
            ctypes.byref(function._func),  # noqa: SLF001 - as the package does
            self._context,
            self._arguments,
            len(kept),
            result,
            1,
        )
        del kept
        if failed:
            raise _to_error(failed)
        try:
            return _text(result)
        finally:
            _DELETE(result)


def _put(place: _Value, value: str | int) -> object:
    """Put *value* to *place*. What is given must live until the call is over."""
    if isinstance(value, int):
        place.kind = _NUMBER
        place.of.number = value
        return None
    data = value.encode()
    place.kind = _TEXT
    place.of.text.size = len(data)
    place.of.text.data = ctypes.cast(data, ctypes.c_void_p)  # type: ignore[arg-type]  # bytes will do
    return data


def _text(value: _Value) -> str:
    text = value.of.text
    return ctypes.string_at(text.data, text.size).decode()


def _to_error(pointer: int) -> wasmtime.WasmtimeError:
    kind = ctypes.POINTER(bindings.wasmtime_error_t)
    error: wasmtime.WasmtimeError = wasmtime.WasmtimeError._from_ptr(ctypes.cast(pointer, kind))  # noqa: SLF001
    return error


def add_import(root: components.LinkerInstance, name: str, function: Callable[..., None]) -> object:
    """
    Let instances call *function* as *name*. It takes texts and numbers, and gives nothing.

    Returns:
        What must live as long as any instance.
    """

    def call(_data: Any, _context: Any, _type: Any, arguments: Any, count: int, *_results: Any) -> int:  # noqa: ANN401
        try:
            function(*(_get(arguments[index]) for index in range(count)))
        except LimitReached as error:
            return _trap(error.message)
        except Exception as error:  # noqa: BLE001 - a mistake of ours: it ends this instance and no other
            traceback.print_exc()
            return _trap(f"The wasmtime runtime has failed: {error!r}.")
        return 0

    callback = _CALLBACK(call)
    encoded = name.encode()
    failed = _ADD(root.ptr(), encoded, len(encoded), callback, None, _NO_FINALIZER)
    if failed:
        raise _to_error(failed)
    return callback


def _trap(message: str) -> int:
    """An error that ends the instance that has called, as wasmtime takes it."""
    return ctypes.cast(wasmtime.WasmtimeError(message)._consume(), ctypes.c_void_p).value or 0  # noqa: SLF001


def _get(value: _Value) -> str | int:
    number: int = value.of.number
    return number if value.kind == _NUMBER else _text(value)
