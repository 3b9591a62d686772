"""
Typed payloads: what ``run`` says that its event's payload is, checked and converted.

``run`` says it by the annotation of its event: a ``TypedDict`` with a key ``payload``, or ``WorkflowEvent[Order]``. The
type is a dataclass or a pydantic model.
"""

from __future__ import annotations

import inspect
import sys
import types
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, datetime
from difflib import get_close_matches
from enum import Enum
from functools import cache
from typing import Any, Generic, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

__all__ = ["EventOf", "PayloadError", "payload_type", "to_typed"]

T = TypeVar("T")

SCALARS = {str: "a string", int: "an integer", float: "a number", bool: "true or false", type(None): "null"}


class PayloadError(ValueError):
    """
    A payload is not what ``run`` is annotated with.

    The class says that trying again cannot help.
    """

    _retryable = False


class EventOf(Generic[T]):
    """``WorkflowEvent`` in an annotation, with the type of its payload."""


@cache
def payload_type(cls: type) -> Any:  # noqa: ANN401 - a type, or None
    """The type of the payload that ``run`` of *cls* is annotated with; None where it is not, or cannot be told."""
    run = inspect.unwrap(getattr(cls, "run", None) or (lambda: None))
    if not isinstance(run, types.FunctionType):
        return None
    names = run.__code__.co_varnames[1:2]
    annotation = _annotation_of(run, names[0]) if names and run.__code__.co_argcount > 1 else None
    if get_origin(annotation) is EventOf:
        return _if_checked(get_args(annotation)[0])
    if isinstance(annotation, type):
        try:
            hints = get_type_hints(annotation)
        except Exception:  # noqa: BLE001 - user code: an annotation that holds nowhere is none
            return None
        return _if_checked(hints.get("payload", annotation))
    return None


def _annotation_of(run: types.FunctionType, name: str) -> Any:  # noqa: ANN401 - anything
    try:
        annotation = _raw_annotations(run).get(name)
        if isinstance(annotation, str):
            # Names that only type checkers import do not exist here; this one is known all the same.
            annotation = eval(annotation, {"WorkflowEvent": EventOf, **run.__globals__})  # noqa: S307 - user code
    except Exception:  # noqa: BLE001 - as above
        return None
    return annotation


def _raw_annotations(run: types.FunctionType) -> dict[str, Any]:
    if sys.version_info >= (3, 14):
        import annotationlib  # noqa: PLC0415 - new in 3.14

        return annotationlib.get_annotations(run, format=annotationlib.Format.FORWARDREF)
    return run.__annotations__


def _if_checked(kind: Any) -> Any:  # noqa: ANN401 - types
    return kind if isinstance(kind, type) and (is_dataclass(kind) or _is_pydantic(kind)) else None


def _is_pydantic(kind: object) -> bool:
    return hasattr(kind, "__pydantic_validator__")


def to_typed(kind: Any, value: Any, path: str = "payload") -> Any:  # noqa: ANN401 - any type and its values
    """
    *value* as a *kind*.

    Args:
        kind: A dataclass, a pydantic model, or what their fields are annotated with.
        value: Decoded JSON.
        path: Where *value* stands.

    Raises:
        PayloadError: It is not one. The message begins with the path of what is wrong.
    """
    if _is_pydantic(kind):
        return _validate(kind, value, path)
    if is_dataclass(kind):
        return _to_dataclass(kind, value, path)
    if kind in SCALARS:
        return _to_scalar(kind, value, path)
    if kind in (datetime, date):
        return _to_time(kind, value, path)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _to_enum(kind, value, path)
    return _to_generic(get_origin(kind) or kind, get_args(kind), value, path)


def _validate(kind: Any, value: Any, path: str) -> Any:  # noqa: ANN401
    try:
        return kind.__pydantic_validator__.validate_python(value)
    except ValueError as error:
        first = error.errors()[0]  # type: ignore[attr-defined]
        place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"])
        raise PayloadError(f"{path}{place}: {first['msg']}.") from None


def _to_dataclass(kind: Any, value: Any, path: str) -> Any:  # noqa: ANN401
    if not isinstance(value, dict):
        raise _wrong(path, f"an object ({kind.__name__})", value)
    hints = get_type_hints(kind)
    known = {each.name: each for each in fields(kind) if each.init}
    for name in value:
        if name not in known:
            near = get_close_matches(str(name), known, 1)
            hint = f" Did you mean {near[0]!r}?" if near else f" {kind.__name__} has: {', '.join(known)}."
            raise PayloadError(f"{path}.{name}: unknown field.{hint}")
    for name, each in known.items():
        if name not in value and each.default is MISSING and each.default_factory is MISSING:
            raise PayloadError(f"{path}.{name}: missing.")
    return kind(**{name: to_typed(hints[name], item, f"{path}.{name}") for name, item in value.items()})


def _to_scalar(kind: type, value: object, path: str) -> object:
    if type(value) is kind:
        return value
    if kind is float and type(value) is int:
        return float(value)
    raise _wrong(path, SCALARS[kind], value)


def _to_time(kind: type[date], value: object, path: str) -> object:
    if isinstance(value, datetime):
        return value if kind is datetime else value.date()
    try:
        return kind.fromisoformat(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise _wrong(path, f"an ISO {'date and time' if kind is datetime else 'date'}", value) from None


def _to_enum(kind: type[Enum], value: object, path: str) -> Enum:
    try:
        return kind(value)
    except ValueError:
        raise _wrong(path, f"one of {', '.join(repr(each.value) for each in kind)}", value) from None


def _to_generic(origin: Any, arguments: tuple[Any, ...], value: Any, path: str) -> Any:  # noqa: ANN401
    if origin in (list, set, frozenset):
        if not isinstance(value, list | set):
            raise _wrong(path, "an array", value)
        kind = arguments[0] if arguments else Any
        items = [to_typed(kind, item, f"{path}[{index}]") for index, item in enumerate(value)]
        try:
            return origin(items)
        except TypeError:
            raise _wrong(path, "an array of values that a set can hold", value) from None
    if origin is dict:
        if not isinstance(value, dict):
            raise _wrong(path, "an object", value)
        kind = arguments[1] if arguments else Any
        return {key: to_typed(kind, item, f"{path}.{key}") for key, item in value.items()}
    if origin is Literal:
        if value not in arguments:
            raise _wrong(path, f"one of {', '.join(repr(each) for each in arguments)}", value)
        return value
    if origin in (Union, types.UnionType):
        return _to_union(arguments, value, path)
    return value


def _to_union(kinds: tuple[Any, ...], value: Any, path: str) -> Any:  # noqa: ANN401
    problems = []
    for kind in kinds:
        try:
            return to_typed(kind, value, path)
        except PayloadError as problem:
            problems.append(problem)
    # The one that came furthest says most.
    raise max(problems, key=lambda problem: len(str(problem).partition(": ")[0]))


def _wrong(path: str, expected: str, value: object) -> PayloadError:
    shown = repr(value)
    shown = shown if len(shown) <= 60 else f"{shown[:57]}..."  # noqa: PLR2004 - a line's worth
    return PayloadError(f"{path}: expected {expected}, received {shown}.")
