"""
Errors: how an exception becomes data, and data an exception again.

An exception comes back as the class it was, wherever that class can be found: an ``except`` clause does not see whether
a step ran just now or in an earlier pass. The twin of this file is `errors.js`.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from .traces import format_traceback
from .values import NotSerializableError, decode, encode, keep_tuples

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

WireError = dict[str, Any]
"""`WireError` of `protocol.d.ts`."""

_WORKFLOWS = "workers.workflows"

MAX_ERROR_MESSAGE_BYTES = 16 * 1024
"""UTF-8 of a message that is kept."""
MAX_ERROR_DATA_CHARACTERS = 64 * 1024
"""What is kept of the other data of an exception, as canonical text."""


class UnknownError(Exception):
    """What a `StepError` is where the package `workers` has none."""


def to_wire(error: BaseException) -> WireError:
    """
    Get *error* as data.

    A class says that trying again cannot help by its attribute ``_retryable = False``, which its subclasses inherit.
    """
    wire = identify(error)
    if _is_final(type(error)):
        wire["retryable"] = False
    room = MAX_ERROR_DATA_CHARACTERS
    dropped = []
    parts = parts_of(error)
    with describing(error):
        texts = {key: _encoded(key, value) for key, value in parts.items()}
    for key, text in texts.items():
        if text is None:
            continue
        room -= len(text)
        if room >= 0:
            wire[key] = text
        else:
            dropped.append(f"{key} ({len(text):,} characters)")
    if trace := _traceback_of(error, dropped):
        wire["traceback"] = trace
    return wire


def identify(error: BaseException) -> WireError:
    """What *error* is and says: ``name``, ``message`` and, where its class can be found again, ``type``."""
    wire: WireError = {"name": name_of(error), "message": cut(message_of(error), MAX_ERROR_MESSAGE_BYTES)}
    if not _is_step_error(error):
        kind = type(error)
        wire["type"] = f"{kind.__module__}:{kind.__qualname__}"
    return wire


def parts_of(error: BaseException) -> dict[str, Any]:
    """
    What else *error* has: ``args``, ``state``, ``cause``, ``context`` and ``notes``, those that there are.

    An exception that is part of itself, or of the ninth in a chain, is described without them.
    """
    if id(error) in _described or len(_described) >= _LONGEST_CHAIN:
        return {}
    parts: dict[str, Any] = {}
    if not _is_step_error(error):
        args, state = _constituents(error)
        if args != (message_of(error),):
            parts["args"] = list(args)
        if state:
            parts["state"] = state
    cause, context, suppress, notes = _links_of(error)
    if cause is not None:
        parts["cause"] = cause
    if context is not None and not suppress:
        parts["context"] = context
    if notes:
        parts["notes"] = notes
    return parts


@contextmanager
def describing(error: BaseException) -> Iterator[None]:
    """Know, inside, that *error* is being described."""
    _described.append(id(error))
    try:
        yield
    finally:
        _described.pop()


_described: list[int] = []
_LONGEST_CHAIN = 8


def _is_final(kind: type) -> bool:
    try:
        return getattr(kind, "_retryable", True) is False
    except BaseException:  # noqa: BLE001 - user code
        return False


def _links_of(error: BaseException) -> tuple[BaseException | None, BaseException | None, bool, list[str]]:
    """Cause, context, whether that is suppressed, and notes: as Python has them, whatever the class says."""
    get = BaseException.__getattribute__
    found = get(error, "__dict__").get("__notes__")
    notes = [str.__str__(note) for note in found if isinstance(note, str)] if isinstance(found, list) else []
    mine = [note for note in notes if not note.startswith(_NOTE)]
    return get(error, "__cause__"), get(error, "__context__"), get(error, "__suppress_context__"), mine


def _traceback_of(error: BaseException, dropped: list[str]) -> str:
    try:
        trace = format_traceback(error)
    except BaseException:  # noqa: BLE001 - user code takes part in it
        trace = ""
    if dropped:
        trace += f"\n[Not kept, beyond {MAX_ERROR_DATA_CHARACTERS:,} characters: {', '.join(dropped)}.]"
    return trace


def cut(text: str, limit: int) -> str:
    """*text* with at most *limit* bytes of UTF-8, and a word about the rest."""
    if len(text) * 4 <= limit:
        return text
    data = text.encode("utf-8", "surrogatepass")
    if len(data) <= limit:
        return text
    return f"{data[:limit].decode('utf-8', 'ignore')}… [{len(data):,} bytes]"


def from_wire(wire: WireError) -> Exception:
    """
    Get the exception of *wire*, not raised yet, with the original traceback as a note.

    It is of the original class if that is at hand, otherwise a `workers.workflows.StepError`. It is always an
    `Exception`: what was a `SystemExit` or a cancellation in a step is an error to those who wait for the step.
    """
    parts = {key: decode(wire[key]) for key in _PARTS if key in wire}
    error = _make(wire, parts)
    if traceback := wire.get("traceback"):
        error.add_note(f"{_NOTE}{traceback}")
    return error


def revive(data: dict[str, Any]) -> Exception:
    """Get the exception of *data*, as it stands inside a value: its parts are decoded already."""
    return _make(data, {key: data[key] for key in _PARTS if key in data})


def _make(wire: WireError, parts: dict[str, Any]) -> Exception:
    kind = _find_class(wire)
    error = (kind and _rebuild(kind, wire, parts)) or _step_error(wire)
    if isinstance(context := parts.get("context"), BaseException):
        error.__context__ = context
    if isinstance(cause := parts.get("cause"), BaseException):
        error.__cause__ = cause
    for note in parts.get("notes", ()):
        error.add_note(str(note))
    return error


_PARTS = ("args", "state", "cause", "context", "notes")
_NOTE = "Raised by the step:\n"


def name_of(error: BaseException) -> str:
    """The name of the class of *error*: what JavaScript calls it, or what the step raised, where that is another."""
    if _is_js_exception(error) or _is_step_error(error):
        return str(getattr(error, "name", "Error"))
    return type(error).__name__


def message_of(error: BaseException) -> str:
    """What *error* says, whatever its ``__str__`` does."""
    try:
        return str(getattr(error, "message", "")) if _is_js_exception(error) else str.__str__(str(error))
    except BaseException as failure:  # noqa: BLE001 - user code
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
        reduced: Any = error.__reduce__()
        args, state = reduced[1], reduced[2] if len(reduced) > 2 else None  # noqa: PLR2004
        is_usual = reduced[0] is type(error) and isinstance(args, tuple)
    except BaseException:  # noqa: BLE001 - user code
        is_usual = False
    if not is_usual:
        args, state = (BaseException.__getattribute__(error, name) for name in ("args", "__dict__"))
    fields = state if isinstance(state, dict) else {}
    return args, {key: value for key, value in fields.items() if key != "__notes__"}


def _encoded(key: str, value: object) -> str | None:
    """*value* as canonical text; of attributes those that can be stored. None where it cannot."""
    try:
        return encode(keep_tuples(value) if key == "args" else value)
    except NotSerializableError:
        if key != "state" or not isinstance(value, dict):
            return None
        kept = {name: item for name, item in value.items() if _is_storable(item)}
        return encode(kept) if kept else None
    except BaseException:  # noqa: BLE001 - user code takes part in it
        return None


def _is_storable(value: object) -> bool:
    try:
        encode(value)
    except BaseException:  # noqa: BLE001 - likewise
        return False
    return True


def _find_class(wire: WireError) -> type[Exception] | None:
    module_name, _, path = wire.get("type", "").partition(":")
    if not path or module_name == _WORKFLOWS:
        # Cloudflare's own package has other names.
        module_name, path = _CLASSES_BY_NAME.get(wire["name"], (module_name, path))
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
    except BaseException:  # noqa: BLE001 - user code
        return None


_REFUSAL = f"{__package__}.refusal"
_CLASSES_BY_NAME = {
    "InvalidStepReadableStreamError": (_REFUSAL, "InvalidStepReadableStreamError"),
    "NonRetryableError": ("workers.workflows", "NonRetryableError"),
    "NotSerializableError": (_REFUSAL, "NotSerializableError"),
    "RangeError": ("builtins", "ValueError"),
    "TypeError": ("builtins", "TypeError"),
    "NonRetryableDelayError": ("workers.workflows", "NonRetryableDelayError"),
    "WorkflowError": ("workers.workflows", "WorkflowError"),
    "WorkflowTimeoutError": ("workers.workflows", "WorkflowTimeoutError"),
}
"""Errors of the engine and of JavaScript, which come without a type."""


def _rebuild(kind: type[Exception], wire: WireError, parts: dict[str, Any]) -> Exception | None:
    """
    An exception that says what the original said, or None if the class cannot be built.

    By the class if it takes the arguments, as pickle does; otherwise past its ``__init__``.
    """
    args = parts.get("args", [wire["message"]])
    state = parts.get("state", {})
    error = None
    for make, with_args in ((_call, args), (_bypass_init, args), (_bypass_init, [wire["message"]])):
        try:
            error = make(kind, with_args)
            BaseException.__setstate__(error, state)
        except BaseException:  # noqa: BLE001, S112 - user code, and the next way is at hand
            continue
        if type(error) is kind and message_of(error) == wire["message"]:
            break
    if error is None or type(error) is not kind:
        return None
    return error if message_of(error) == wire["message"] else _saying(error, wire["message"])


def _saying(error: Exception, message: str) -> Exception:
    """*error* with the *message* that its own ``__str__`` cannot give, where that needs what is not stored."""
    kind = type(error)
    names = {"__module__": kind.__module__, "__qualname__": kind.__qualname__, "__str__": lambda _self: message}
    # User code: a class may forbid to be derived from.
    with suppress(BaseException):
        error.__class__ = type(kind.__name__, (kind,), names)
    return error


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
