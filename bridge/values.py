"""
Values: the one encoding that serves wire and disk.

A value is one line of JSON. What JSON has is written as JSON; everything else is an object with the key ``"$"``, a
*tag*: ``{"$":"date","v":"2026-11-21T05:36:00.123Z"}``. Tags are date, bytes, bigint, number (NaN and the infinities),
set, map, error, tuple (in the arguments of an error), undefined, and object, which holds a user's own object that has a
key ``"$"``. `vectors.json` lists every case.

A plain JSON integer is always a safe one (up to 2^53 - 1), so that both languages read the same number.
The twin of this file is `values.js`.
"""

from __future__ import annotations

import json
import math
from base64 import b64decode, b64encode
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from .json_text import escape_surrogates, make_writer, quote
from .refusal import MAX_DEPTH, NotSerializableError, Refusal, refuse_depth, refuse_kind

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["MAX_DEPTH", "JsDict", "NotSerializableError", "decode", "encode", "keep_tuples"]

MAX_SAFE_INTEGER = 2**53 - 1
_PLAIN = frozenset({str, bool, type(None)})
_ONLY_STR = frozenset({str})
_ONLY_FLOAT = frozenset({float})


class JsDict(dict[Any, Any]):
    """A dict whose keys are attributes too, as they are in JavaScript. The methods of dict win over keys."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the value is
        try:
            return self[name]
        except KeyError:
            msg = f"{type(self).__name__!r} object has no attribute {name!r}"
            raise AttributeError(msg, name=name, obj=self) from None

    def __setattr__(self, name: str, value: object) -> None:
        self[name] = value

    def __delattr__(self, name: str) -> None:
        try:
            del self[name]
        except KeyError:
            msg = f"{type(self).__name__!r} object has no attribute {name!r}"
            raise AttributeError(msg, name=name, obj=self) from None

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *(key for key in self if isinstance(key, str))]


def encode(value: object, where: str = "result") -> str:
    """
    Get the canonical text of *value*.

    Args:
        value: What to encode. A tuple is written as a list, an int key of a dict as a string.
        where: What the value is called in an error message.

    Raises:
        NotSerializableError: Something in *value* cannot be stored; the message says where it is.
    """
    if value is None:
        return "null"
    if type(value) is str:
        text = quote(value)
    elif type(value) is int and -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER:
        return str(value)
    else:
        try:
            text = "".join(_to_json(_prepare(value, MAX_DEPTH), 0))
        except Refusal as refusal:
            raise refusal.to_error(where) from None
        except RecursionError:
            msg = f"{where} is nested too deeply to be stored from here. Flatten it."
            raise NotSerializableError(msg) from None
    return text if text.isascii() else escape_surrogates(text)


def decode(text: str) -> Any:  # noqa: ANN401 - whatever the value is
    """Get the value of canonical *text*. An object becomes a `JsDict`."""
    if text == "null":
        return None
    scan = _scan_tagged if '"$":' in text else _scan_plain
    try:
        value, end = scan(text, 0)
    except StopIteration:
        end = -1
    if end != len(text):
        msg = f"Not a canonical value: {text[:80]!r}."
        raise ValueError(msg)
    return value


# Python value to a value that the JSON encoder of the standard library writes as it should be.
# Everything plain is handed on as it is; a container is copied only if something in it has to change.


def _prepare(value: Any, room: int) -> Any:  # noqa: ANN401
    kind = type(value)
    if kind in _PLAIN:
        return value
    return (_PREPARE.get(kind) or _find_prepare(value))(value, room)


def _prepare_int(value: int, _room: int) -> object:
    if -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER:
        return value
    try:
        return {"$": "bigint", "v": str(int(value))}
    except ValueError:
        raise Refusal("is an int of more than 4300 digits", "Use a str in hexadecimal.") from None


def _prepare_float(value: float, _room: int) -> object:
    if math.isfinite(value):
        return value
    return {"$": "number", "v": "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"}  # noqa: PLR0124


def _prepare_list(value: list[Any] | tuple[Any, ...], room: int) -> list[Any] | tuple[Any, ...]:
    if not room:
        raise refuse_depth(value)
    kinds = set(map(type, value))
    # A sum is not finite where a number in it is not.
    if kinds <= _PLAIN or (kinds == _ONLY_FLOAT and math.isfinite(sum(value))):
        return value
    copy = None
    for index, item in enumerate(value):
        kind = type(item)
        if kind in _PLAIN or (kind is int and -MAX_SAFE_INTEGER <= item <= MAX_SAFE_INTEGER):
            continue
        try:
            prepared = (_PREPARE.get(kind) or _find_prepare(item))(item, room - 1)
        except Refusal as refusal:
            raise refusal.inside(value, index) from None
        if prepared is not item:
            if copy is None:
                copy = list(value)
            copy[index] = prepared
    return value if copy is None else copy


def _prepare_dict(value: dict[Any, Any], room: int) -> dict[str, Any]:
    if not room:
        raise refuse_depth(value)
    result: dict[str, Any] = value if _ONLY_STR.issuperset(map(type, value)) else _with_str_keys(value)
    if not _PLAIN.issuperset(map(type, value.values())):
        copied = result is not value
        for key, item in result.items():
            kind = type(item)
            if kind in _PLAIN or (kind is int and -MAX_SAFE_INTEGER <= item <= MAX_SAFE_INTEGER):
                continue
            try:
                prepared = (_PREPARE.get(kind) or _find_prepare(item))(item, room - 1)
            except Refusal as refusal:
                raise refusal.inside(value, key) from None
            if prepared is not item:
                if not copied:
                    result, copied = dict(result), True
                result[key] = prepared
    if "$" in result:
        return {"$": "object", "v": list(result.items())}
    return result


def _with_str_keys(value: dict[Any, Any]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, item in value.items():
        name = _key_text(key)
        if name in result:
            raise Refusal(f"has two keys that both become {name!r}", "Make them differ as str.")
        result[name] = item
    return result


def _key_text(key: object) -> str:
    """The text of *key* in JavaScript, for the keys that it can have."""
    if isinstance(key, str):
        return str.__str__(key)
    if isinstance(key, bool):
        return "true" if key else "false"
    if isinstance(key, int):
        return str(int(key))
    if key is None:
        return "null"
    if isinstance(key, float):
        return str(int(key)) if key.is_integer() and abs(key) <= MAX_SAFE_INTEGER else repr(float(key))
    raise Refusal(f"has the key {key!r:.80}, a {type(key).__name__}", "Use a str as key.")


def _prepare_bytes(value: bytes | bytearray, _room: int) -> object:
    return {"$": "bytes", "v": b64encode(value).decode("ascii")}


def _prepare_memoryview(value: memoryview, room: int) -> object:
    return _prepare_bytes(value.tobytes(), room)  # which may have gaps


def _prepare_datetime(value: datetime, _room: int) -> object:
    if value.tzinfo is not None and value.utcoffset() is not None:
        try:
            value = value.astimezone(UTC)
        except OverflowError:
            raise Refusal("is a datetime outside the years 1 to 9999 in UTC", "Use a str.") from None
    timespec = "microseconds" if value.microsecond % 1000 else "milliseconds"
    return {"$": "date", "v": value.replace(tzinfo=None).isoformat(timespec=timespec) + "Z"}


def _prepare_set(value: set[Any], room: int) -> object:
    if not room:
        raise refuse_depth(value)
    members = list(value)
    for index, member in enumerate(members):
        try:
            if isinstance(member, tuple):  # it would come back as a list, which no set can hold
                raise Refusal("is a tuple", "Use a list.")  # noqa: TRY301 - worded below, as the others are
            members[index] = _prepare(member, room - 1)
        except Refusal as refusal:
            what = f"is a set with {member!r:.80} in it, a {type(member).__name__}"
            raise Refusal(what, refusal.remedy) from None
    # A set has no order of its own, and texts are hashed differently in each process: equal sets get the same text.
    members.sort(key=lambda member: "".join(_to_json(member, 0)))
    return {"$": "set", "v": members}


class _KeptTuple:
    """A tuple that comes back as one."""

    def __init__(self, items: list[Any]) -> None:
        self.items = items


def keep_tuples(value: Any) -> Any:  # noqa: ANN401 - of any type
    """*value* with the tuples in it, in lists and in tuples, marked: they come back as tuples."""
    if type(value) is tuple:
        return _KeptTuple([keep_tuples(item) for item in value])
    return [keep_tuples(item) for item in value] if type(value) is list else value


def _prepare_tuple(value: _KeptTuple, room: int) -> object:
    return {"$": "tuple", "v": _prepare_list(value.items, room)}


def _prepare_error(value: BaseException, room: int) -> object:
    from .errors import describing, identify, parts_of  # noqa: PLC0415 - which needs this module first

    data: dict[str, Any] = identify(value)
    parts = parts_of(value)
    with describing(value):
        for key, part in parts.items():
            data.update(_prepare_part(key, part, room))
    return {"$": "error", "v": data}


def _prepare_part(key: str, part: Any, room: int) -> dict[str, Any]:  # noqa: ANN401 - a value
    """A part of an exception under its *key*; of its attributes those that can be stored. Nothing where none can."""
    if not room:
        return {}
    if key == "state":
        fields: dict[str, Any] = {}
        for name, item in part.items():
            fields.update(_prepare_part(f".{name}", item, room - 1))
        return {key: {name[1:]: item for name, item in fields.items()}} if fields else {}
    try:
        return {key: _prepare(keep_tuples(part) if key == "args" else part, room - 1)}
    except Refusal:
        return {}


def _prepare_foreign(value: object, room: int) -> object:
    """What JavaScript handed over as it is; converted as the SDK would have."""
    from .proxies import from_js, is_proxy  # noqa: PLC0415 - which needs this module first

    converted = from_js(value)
    if is_proxy(converted):
        raise Refusal(f"is a JavaScript object ({value!s:.60})", "Convert it to Python values.")
    return _prepare(converted, room)


_PREPARE: dict[type, Callable[[Any, int], Any]] = {
    int: _prepare_int,
    float: _prepare_float,
    list: _prepare_list,
    tuple: _prepare_list,
    dict: _prepare_dict,
    JsDict: _prepare_dict,
    set: _prepare_set,
    bytes: _prepare_bytes,
    bytearray: _prepare_bytes,
    memoryview: _prepare_memoryview,
    datetime: _prepare_datetime,
    _KeptTuple: _prepare_tuple,
}
_PREPARE_BASES: tuple[tuple[type, Callable[[Any, int], Any]], ...] = (
    (int, _prepare_int),
    (float, _prepare_float),
    (dict, _prepare_dict),
    (list, _prepare_list),
    (set, _prepare_set),
    (bytes, _prepare_bytes),
    (bytearray, _prepare_bytes),
    (datetime, _prepare_datetime),
    (BaseException, _prepare_error),
)


def _find_prepare(value: object) -> Callable[[Any, int], Any]:
    """What an instance of a subclass is stored as. A subclass of tuple is refused: its names would be lost."""
    if isinstance(value, str):
        return lambda text, _room: str.__str__(text)
    for base, prepare in _PREPARE_BASES:
        if isinstance(value, base):
            return prepare
    if type(value).__module__ == "pyodide.ffi":
        return _prepare_foreign
    raise refuse_kind(value)


# Canonical text to Python value.


def _revive(found: dict[str, Any]) -> Any:  # noqa: ANN401
    tag = found.get("$")
    if tag is None:
        return JsDict(found)
    revive = _REVIVE.get(tag)
    if revive is None:
        msg = f"Unknown tag {tag!r} in a stored value: it was written by a newer version."
        raise ValueError(msg)
    return revive(found.get("v"))


def _revive_date(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        msg = f"Date {text} is outside the years 1 to 9999 that a Python datetime can hold."
        raise ValueError(msg) from None


def _revive_stream(description: dict[str, Any]) -> object:
    from .streams import ByteStream  # noqa: PLC0415 - it is built on the session, which is built on this

    return ByteStream(description)


def _revive_set(members: list[Any]) -> set[Any] | list[Any]:
    """A set, or a list where JavaScript put objects into it, which no Python set can hold."""
    try:
        return set(members)
    except TypeError:
        return members


def _revive_map(pairs: list[list[Any]]) -> JsDict | list[list[Any]]:
    """A dict whose keys keep their types, or the pairs where a key is an object."""
    try:
        return JsDict(pairs)
    except TypeError:
        return pairs


def _revive_error(data: dict[str, Any]) -> BaseException:
    from .errors import revive  # noqa: PLC0415 - which needs this module first

    return revive(data)


def _refuse_constant(name: str) -> None:
    msg = f"Not a canonical value: {name}."
    raise ValueError(msg)


_REVIVE: dict[str, Callable[[Any], Any]] = {
    "bigint": int,
    "bytes": b64decode,
    "date": _revive_date,
    "error": _revive_error,
    "map": _revive_map,
    "number": float,
    "object": JsDict,
    "set": _revive_set,
    "stream": _revive_stream,
    "tuple": tuple,
    "undefined": lambda _nothing: None,
}

_to_json = make_writer()
# What json.loads uses inside, made once: a small value is decoded in half the time.
_plain_decoder: Any = json.JSONDecoder(object_hook=JsDict, parse_constant=_refuse_constant)
_tagged_decoder: Any = json.JSONDecoder(object_hook=_revive, parse_constant=_refuse_constant)
_scan_plain: Callable[[str, int], tuple[Any, int]] = _plain_decoder.scan_once
_scan_tagged: Callable[[str, int], tuple[Any, int]] = _tagged_decoder.scan_once
