"""The JSON schema of a payload's type."""

from __future__ import annotations

import sys
import types
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from ._payload import payload_type

__all__ = ["payload_schema"]

SCALARS: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    type(None): {"type": "null"},
    datetime: {"type": "string", "format": "date-time"},
    date: {"type": "string", "format": "date"},
}


def payload_schema(cls: type) -> dict[str, Any] | None:
    """The schema of what ``run`` of the workflow *cls* takes; None where it is not annotated."""
    kind = payload_type(cls)
    if kind is None:
        return None
    try:
        return _Schemas().whole(kind)
    except Exception:  # noqa: BLE001 - user code: `run()` says what is wrong with its types
        return None


class _Schemas:
    """Writes a schema, with the dataclasses inside it as definitions."""

    def __init__(self) -> None:
        self._definitions: dict[str, Any] = {}

    def whole(self, kind: Any) -> dict[str, Any]:  # noqa: ANN401 - types
        if hasattr(kind, "__pydantic_validator__"):
            return self._of_pydantic(kind)
        schema = self._of_dataclass(kind)
        return {**schema, "$defs": self._definitions} if self._definitions else schema

    def of(self, kind: Any) -> dict[str, Any]:  # noqa: ANN401
        if kind in SCALARS:
            return SCALARS[kind]
        if hasattr(kind, "__pydantic_validator__"):
            schema = self._of_pydantic(kind)
            self._definitions.update(schema.pop("$defs", {}))
            return schema
        if is_dataclass(kind):
            return self._reference(kind)
        if isinstance(kind, type) and issubclass(kind, Enum):
            return {"enum": [each.value for each in kind]}
        return self._of_generic(get_origin(kind) or kind, get_args(kind))

    def _of_pydantic(self, kind: Any) -> dict[str, Any]:  # noqa: ANN401
        # Where there is a model, the user has imported pydantic.
        schema: dict[str, Any] = sys.modules["pydantic"].TypeAdapter(kind).json_schema()
        return schema

    def _reference(self, kind: Any) -> dict[str, Any]:  # noqa: ANN401
        name = kind.__name__
        if name not in self._definitions:
            self._definitions[name] = {}  # it may contain itself
            self._definitions[name] = self._of_dataclass(kind)
        return {"$ref": f"#/$defs/{name}"}

    def _of_dataclass(self, kind: Any) -> dict[str, Any]:  # noqa: ANN401
        hints = get_type_hints(kind)
        taken = [each for each in fields(kind) if each.init]
        required = [each.name for each in taken if each.default is MISSING and each.default_factory is MISSING]
        schema: dict[str, Any] = {
            "title": kind.__name__,
            "type": "object",
            "properties": {each.name: self.of(hints[each.name]) for each in taken},
            "additionalProperties": False,
        }
        return {**schema, "required": required} if required else schema

    def _of_generic(self, origin: Any, arguments: tuple[Any, ...]) -> dict[str, Any]:  # noqa: ANN401
        if origin in (list, set, frozenset):
            return {"type": "array", **({"items": self.of(arguments[0])} if arguments else {})}
        if origin is dict:
            return {"type": "object", **({"additionalProperties": self.of(arguments[1])} if arguments else {})}
        if origin is Literal:
            return {"enum": list(arguments)}
        if origin in (Union, types.UnionType):
            return {"anyOf": [self.of(each) for each in arguments]}
        return {}
