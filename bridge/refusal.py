"""
Refusals: why a value cannot be stored, where it is, and what to use in its place.

The twin of this file is `refusal.js`.
"""

from __future__ import annotations

MAX_DEPTH = 256
"""How many containers deep a value may be. A cycle ends here too, and neither interpreter's stack is near its end."""

_SHOWN_DEPTH = 12


class NotSerializableError(TypeError):
    """A value cannot be stored. The message says where it is and what to use instead."""

    # Where users import it from.
    __module__ = "workers.workflows"
    _retryable = False


class InvalidStepReadableStreamError(NotSerializableError):
    """A step's byte stream cannot be kept. The name is upstream's."""

    __module__ = "workers.workflows"


class Refusal(Exception):  # noqa: N818 - on its way to become a NotSerializableError
    """A refusal on its way out of the value, gathering the path."""

    def __init__(self, what: str, remedy: str, deepest: object = None) -> None:
        """
        Refuse.

        Args:
            what: What follows the path, e.g. "is a Decimal".
            remedy: What to use instead, as a sentence.
            deepest: The container in which the depth ended.
        """
        super().__init__(what)
        self.what = what
        self.remedy = remedy
        self._deepest = deepest
        self._path: list[str] = []

    def inside(self, container: object, key: object) -> Refusal:
        """Note that it happened in *container* at *key*; the same refusal, to be raised again."""
        self._path.append(f"[{_quoted(key) if isinstance(key, str) else repr(key)}]")
        # To meet the deepest container again on the way out means that it holds itself.
        if self._deepest is not None and container is self._deepest:
            self._path.clear()
            self.what = "contains itself"
            self.remedy = "Use ids or names in place of references."
        return self

    def to_error(self, where: str) -> NotSerializableError:
        """The error for people; the value as a whole is called *where*."""
        path = self._path[::-1]
        if len(path) > _SHOWN_DEPTH:
            path[_SHOWN_DEPTH:] = ["…"]
        return NotSerializableError(f"{where}{''.join(path)} {self.what}, which cannot be stored. {self.remedy}")


def refuse_depth(container: object) -> Refusal:
    """Refuse *container* because of how deep it is."""
    return Refusal(f"is nested more than {MAX_DEPTH} levels deep", "Flatten it.", container)


def refuse_kind(value: object) -> Refusal:
    """Refuse *value* because of its type."""
    name = type(value).__name__
    article = "an" if name[:1].lower() in "aeio" else "a"
    return Refusal(f"is {article} {name}", _remedy(value))


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _remedy(value: object) -> str:
    kind = type(value)
    for base in kind.__mro__:
        remedy = _REMEDIES.get(f"{base.__module__.partition('.')[0]}.{base.__qualname__}")
        if remedy:
            return remedy
    for attribute, remedy in _REMEDIES_BY_ATTRIBUTE.items():
        if hasattr(kind, attribute):
            return remedy
    return "Use its data, as dicts, lists, str and numbers."


# Matched by name, so that nothing has to be imported for it: top-level module and qualified name.
_REMEDIES = {
    "array.array": "Use .tolist() or .tobytes().",
    "attrs.AttrsInstance": "Use attrs.asdict().",
    "builtins.async_generator": "Give it as the whole result of a step, if it gives bytes, or use a list.",
    "_workflows_bridge.ByteStream": "Give it as the whole result of a step, or what its .read() gives.",
    "builtins.builtin_function_or_method": "Use its result or its name.",
    "builtins.complex": "Use [z.real, z.imag].",
    "builtins.dict_items": "Use list().",
    "builtins.dict_keys": "Use list().",
    "builtins.dict_values": "Use list().",
    "builtins.filter": "Use list().",
    "builtins.frozenset": "Use set() or list().",
    "builtins.function": "Use its result or its name.",
    "builtins.generator": "Use list().",
    "builtins.map": "Use list().",
    "builtins.mappingproxy": "Use dict().",
    "builtins.method": "Use its result or its name.",
    "builtins.range": "Use list().",
    "builtins.type": "Use its name.",
    "builtins.zip": "Use list().",
    "collections.deque": "Use list().",
    "datetime.date": "Use .isoformat().",
    "datetime.time": "Use .isoformat().",
    "datetime.timedelta": "Use .total_seconds().",
    "decimal.Decimal": "Use str() or float().",
    "enum.Enum": "Use .value.",
    "fractions.Fraction": "Use str() or float().",
    "numpy.generic": "Use .item().",
    "numpy.ndarray": "Use .tolist().",
    "pandas.DataFrame": 'Use .to_dict("records").',
    "pathlib.PurePath": "Use str().",
    "pydantic.BaseModel": "Use .model_dump().",
    "re.Pattern": "Use .pattern.",
    "uuid.UUID": "Use str().",
    "workers.Blob": "Use what its .text() or .bytes() gives.",
    "workers.FormData": "Use a dict of its fields.",
    "workers.Headers": "Use dict().",
    "workers.Request": "Use what its .json(), .text() or .bytes() gives.",
    "workers.Response": "Use what its .json(), .text() or .bytes() gives.",
}
_REMEDIES_BY_ATTRIBUTE = {
    "model_dump": "Use .model_dump().",
    "__dataclass_fields__": "Use dataclasses.asdict().",
    "__attrs_attrs__": "Use attrs.asdict().",
    "_asdict": "Use ._asdict(), or list().",
    "__await__": "Use await to get its result.",
    "tolist": "Use .tolist().",
    "__next__": "Use list().",
}
