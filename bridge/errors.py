"""
Errors: how an exception becomes data, and data an exception again.

An exception comes back as the class it was, wherever that class can be found: an ``except`` clause does not see whether
a step ran just now or in an earlier pass. The twin of this file is `errors.js`.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from .traces import format_traceback
from .values import NotSerializableError, decode, encode

if TYPE_CHECKING:
    from types import ModuleType

WireError = dict[str, Any]
"""`WireError` of `protocol.d.ts`."""

_WORKFLOWS = "workers.workflows"


class UnknownError(Exception):
    """What a `StepError` is where the package `workers` has none."""


def to_wire(error: BaseException) -> WireError:
    """
    Get *error* as data.

    A class says that trying again cannot help by its attribute ``_retryable = False``, which its subclasses inherit.
    """
    wire: WireError = {"name": name_of(error), "message": message_of(error)}
    for describe in (_add_class, _add_cause, _add_traceback):
        # User code takes part in each: what cannot be told in full is told in part, or nobody would hear of it.
        with suppress(Exception):
            describe(wire, error)
    return wire


def _add_class(wire: WireError, error: BaseException) -> None:
    kind = type(error)
    if getattr(kind, "_retryable", True) is False:
        wire["retryable"] = False
    if _is_step_error(error):
        return
    wire["type"] = f"{kind.__module__}:{kind.__qualname__}"
    args, state = _constituents(error)
    if args != (wire["message"],):
        _add_encoded(wire, "args", list(args))
    if state:
        _add_encoded(wire, "state", state)


def _add_cause(wire: WireError, error: BaseException) -> None:
    if error.__cause__ is not None:
        wire["cause"] = encode(error.__cause__)


def _add_traceback(wire: WireError, error: BaseException) -> None:
    if traceback := format_traceback(error):
        wire["traceback"] = traceback


def from_wire(wire: WireError) -> Exception:
    """
    Get the exception of *wire*, not raised yet, with the original traceback as a note.

    It is of the original class if that is at hand, otherwise a `workers.workflows.StepError`. It is always an
    `Exception`: what was a `SystemExit` or a cancellation in a step is an error to those who wait for the step.
    """
    kind = _find_class(wire)
    error = (kind and _rebuild(kind, wire)) or _step_error(wire)
    if "cause" in wire and isinstance(cause := decode(wire["cause"]), BaseException):
        error.__cause__ = cause
    if traceback := wire.get("traceback"):
        error.add_note(f"Raised by the step:\n{traceback}")
    return error


def name_of(error: BaseException) -> str:
    """The name of the class of *error*: what JavaScript calls it, or what the step raised, where that is another."""
    if _is_js_exception(error) or _is_step_error(error):
        return str(getattr(error, "name", "Error"))
    return type(error).__name__


def message_of(error: BaseException) -> str:
    """What *error* says, whatever its ``__str__`` does."""
    try:
        return str(getattr(error, "message", "")) if _is_js_exception(error) else str(error)
    except Exception as failure:  # noqa: BLE001 - user code
        return f"<str() of this {type(error).__name__} raised {type(failure).__name__}>"


def _is_js_exception(error: BaseException) -> bool:
    return type(error).__name__ == "JsException" and type(error).__module__ == "pyodide.ffi"


def _is_step_error(error: BaseException) -> bool:
    return isinstance(error, UnknownError) or type(error) is getattr(sys.modules.get(_WORKFLOWS), "StepError", None)


def _constituents(error: BaseException) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """
    The arguments and attributes that make *error* again.

    As pickle has them: the file name of an OSError is in neither ``args`` nor ``__dict__``.
    """
    try:
        reduced = error.__reduce__()
    except Exception:  # noqa: BLE001 - user code
        reduced = ""
    if isinstance(reduced, tuple) and reduced[0] is type(error):
        args, state = reduced[1], reduced[2] if len(reduced) > 2 else None  # noqa: PLR2004
    else:
        args, state = error.args, error.__dict__
    notes = "__notes__"
    return args, {key: value for key, value in state.items() if key != notes} if isinstance(state, dict) else {}


def _add_encoded(wire: WireError, key: str, value: object) -> None:
    try:
        wire[key] = encode(value)
    except NotSerializableError:
        if isinstance(value, dict):  # attributes are worth keeping one by one
            kept = {}
            for name, item in value.items():
                try:
                    encode(item)
                except NotSerializableError:
                    continue
                kept[name] = item
            if kept:
                wire[key] = encode(kept)


def _find_class(wire: WireError) -> type[Exception] | None:
    module_name, _, path = wire.get("type", "").partition(":")
    if not path:
        module_name, path = _CLASSES_BY_NAME.get(wire["name"], ("", ""))
    found: Any = _import(module_name) if module_name else None
    for name in path.split("."):
        # Not getattr, which could run the module's own code.
        found = getattr(found, "__dict__", {}).get(name)
    return found if isinstance(found, type) and issubclass(found, Exception) else None


def _import(name: str) -> ModuleType | None:
    """
    Import the module *name*, if it is not there yet.

    A step may have imported it, and does not run again in a replay: an ``except OSError`` in the workflow has to catch
    what it caught before.
    """
    try:
        return sys.modules.get(name) or import_module(name)
    except (Exception, SystemExit):  # noqa: BLE001 - user code
        return None


_CLASSES_BY_NAME = {
    "InvalidStepReadableStreamError": (NotSerializableError.__module__, "InvalidStepReadableStreamError"),
    "NonRetryableError": ("workers.workflows", "NonRetryableError"),
    "NotSerializableError": (NotSerializableError.__module__, "NotSerializableError"),
    "RangeError": ("builtins", "ValueError"),
    "TypeError": ("builtins", "TypeError"),
    "NonRetryableDelayError": ("workers.workflows", "NonRetryableDelayError"),
    "WorkflowError": ("workers.workflows", "WorkflowError"),
    "WorkflowTimeoutError": ("workers.workflows", "WorkflowTimeoutError"),
}
"""Errors of the engine and of JavaScript, which come without a type."""


def _rebuild(kind: type[Exception], wire: WireError) -> Exception | None:
    """
    An exception that says what the original said, or None if the class cannot be built.

    By the class if it takes the arguments, as pickle does; otherwise past its ``__init__``.
    """
    args = decode(wire["args"]) if "args" in wire else [wire["message"]]
    state = decode(wire["state"]) if "state" in wire else {}
    error = None
    for make, with_args in ((_call, args), (_bypass_init, args), (_bypass_init, [wire["message"]])):
        try:
            error = make(kind, with_args)
            BaseException.__setstate__(error, state)
        except Exception:  # noqa: BLE001, S112 - user code, and the next way is at hand
            continue
        if type(error) is kind and message_of(error) == wire["message"]:
            break
    return error if type(error) is kind else None


def _call(kind: type[Exception], args: list[Any]) -> Exception:
    return kind(*args)


def _bypass_init(kind: type[Exception], args: list[Any]) -> Exception:
    error: Exception = kind.__new__(kind, *args)
    error.args = tuple(args)
    return error


def _step_error(wire: WireError) -> Exception:
    kind = getattr(import_module(_WORKFLOWS), "StepError", UnknownError)
    error: Any = _bypass_init(kind, [wire["message"]])
    error.name = wire["name"]
    error.message = wire["message"]
    return cast("Exception", error)
