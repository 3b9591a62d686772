"""
Proxies: how a live object of JavaScript is seen from Python.

This is the only file in which Python reaches for JavaScript. It imports on any Python; what needs JavaScript is
imported when it is called. Nothing here holds a proxy: data crosses by copy, and an object of JavaScript's belongs to
the Python object that wraps it.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from importlib import import_module
from typing import TYPE_CHECKING, Any

from .refusal import MAX_DEPTH, Refusal, refuse_depth, refuse_kind
from .values import JsDict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

WRAPPERS: dict[str, Callable[[Any], object]] = {}
"""How the SDK wraps an object, by the name of its constructor; filled in by the SDK."""


def js() -> Any:  # noqa: ANN401 - the global scope has whatever it has
    """The global scope of JavaScript."""
    return sys.modules.get("js") or import_module("js")


def ffi() -> Any:  # noqa: ANN401 - its types are not at hand on every Python
    """`pyodide.ffi`."""
    return sys.modules.get("pyodide.ffi") or import_module("pyodide.ffi")


def http() -> Any:  # noqa: ANN401 - likewise
    """`pyodide.http`, whose import reaches for JavaScript."""
    return import_module("pyodide.http")


_PYODIDES: dict[type, bool] = {}
"""Which of Pyodide's types are those of proxies: Pyodide's own check is a function of Python's, and these are few."""


def is_proxy(value: object) -> bool:
    """Whether *value* is an object of JavaScript's."""
    kind = type(value)
    if (known := _PYODIDES.get(kind)) is not None:
        return known
    if not kind.__module__.startswith("pyodide"):
        return False
    known = _PYODIDES[kind] = isinstance(value, ffi().JsProxy)
    return known


def kind_of(value: object) -> str | None:
    """The name of the constructor of *value*, or None if it is no object of JavaScript's or has none."""
    if not is_proxy(value):
        return None
    constructor = getattr(value, "constructor", None)
    return getattr(constructor, "name", None)


def none_if_null(value: Any) -> Any:  # noqa: ANN401
    """Get *value* with JavaScript's null as None."""
    return None if type(value).__name__ == "JsNull" else value


def to_options(options: Mapping[str, object]) -> Any:  # noqa: ANN401
    """A JavaScript object with *options*; one that is None is left out."""
    return to_js({key: value for key, value in options.items() if value is not None}, "options")


def to_uint8_array(data: bytes | bytearray | memoryview) -> Any:  # noqa: ANN401
    """A copy of *data* as Uint8Array."""
    return ffi().to_js(memoryview(data).cast("B") if isinstance(data, memoryview) else data)


def to_error(error: Exception) -> Exception:
    """The Python exception for a `JsException`: ValueError for RangeError, TypeError, otherwise itself."""
    kind = {"RangeError": ValueError, "TypeError": TypeError}.get(getattr(error, "name", ""))
    return error if kind is None else kind(getattr(error, "message", ""))


# JavaScript to Python.


def from_js(value: object) -> object:
    """
    Get *value* in Python's types: JsDict, list, set, bytes, aware datetime, and the SDK's Response, Blob and so on.

    An object for which there is no such type is returned as it is.
    """
    if not is_proxy(value):
        return none_if_null(value)
    special = _from_special(value)
    if special is not value:
        return special
    converted = value.to_py(default_converter=lambda item, *_: _from_special(item))  # type: ignore[attr-defined]
    # What Pyodide does not convert comes as a second proxy of the same object.
    return value if is_proxy(converted) else _tidy(converted, {})


def _from_special(value: Any) -> object:  # noqa: ANN401
    """What *value* is in Python, if Pyodide does not know it."""
    kind = kind_of(value)
    if kind is None:
        return none_if_null(value)
    if kind in WRAPPERS:
        return WRAPPERS[kind](value)
    if kind == "Date":
        return datetime.fromtimestamp(value.getTime() / 1000, UTC)
    if kind == "Error":
        return Exception(str(value.toString()))
    if kind in {"Number", "String", "Boolean", "BigInt"}:
        return value.valueOf()
    return value


def _tidy(value: Any, seen: dict[int, object]) -> object:  # noqa: ANN401
    """What Pyodide has converted, with the SDK's types for dict, memoryview and null. *seen* knows those in a cycle."""
    if isinstance(value, dict):
        if id(value) not in seen:
            seen[id(value)] = tidied = JsDict()
            tidied.update((key, _tidy(item, seen)) for key, item in value.items())
        return seen[id(value)]
    if isinstance(value, list):
        if id(value) not in seen:
            seen[id(value)] = value
            value[:] = [_tidy(item, seen) for item in value]
        return value
    if isinstance(value, set):
        return {_tidy(item, seen) for item in value}
    if isinstance(value, memoryview):
        return value.tobytes()
    return none_if_null(value)


# Python to JavaScript.


def to_js(value: object, where: str = "value") -> Any:  # noqa: ANN401
    """
    Get *value* in JavaScript's types: object, Array, Set, Uint8Array, Date, Error, and what the SDK's classes wrap.

    A function becomes a proxy that lives until JavaScript destroys it. If this raises, no proxy is left.

    Raises:
        NotSerializableError: Something in *value*, which the message calls *where*, has no such type.
    """
    if is_proxy(value):
        return value
    if hasattr(value, "js_object"):
        return value.js_object
    functions: list[Any] = []
    try:
        prepared = _prepare(value, MAX_DEPTH, functions)
        return ffi().to_js(prepared, dict_converter=js().Object.fromEntries, create_pyproxies=False)
    except Exception as error:
        for function in functions:
            function.destroy()
        if isinstance(error, Refusal):
            raise error.to_error(where) from None
        raise


def _prepare(value: Any, room: int, functions: list[Any]) -> Any:  # noqa: ANN401, PLR0911 - one line per kind
    """*value* with everything that Pyodide would convert otherwise, or not at all, converted."""
    if value is None:
        return ffi().jsnull
    if isinstance(value, (str, bool, int, float)) or is_proxy(value) or none_if_null(value) is None:
        return value
    if hasattr(value, "js_object"):
        return value.js_object
    if isinstance(value, (dict, list, tuple, set, frozenset)):
        return _prepare_container(value, room, functions)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return to_uint8_array(value)
    if isinstance(value, datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=UTC)
        return js().Date.new(round(moment.timestamp() * 1000))
    if isinstance(value, BaseException):
        return js().Error.new(str(value))
    if callable(value) and not isinstance(value, type):
        functions.append(ffi().create_proxy(value))
        return functions[-1]
    raise refuse_kind(value)


def _prepare_container(value: Any, room: int, functions: list[Any]) -> object:  # noqa: ANN401
    if not room:
        raise refuse_depth(value)
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    result = {}
    for key, item in pairs:
        try:
            result[key] = _prepare(item, room - 1, functions)
        except Refusal as refusal:
            raise refusal.inside(value, key) from None
    if isinstance(value, dict):
        return result
    return set(result.values()) if isinstance(value, (set, frozenset)) else list(result.values())
