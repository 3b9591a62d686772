"""What the Python expressions of `vectors.json` may use. Runs on the host and in a guest."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from math import copysign, inf, isnan, nan
from typing import NamedTuple
from uuid import UUID

utc = UTC


class Names(list):
    pass


class Colour(StrEnum):
    RED = "red"


class Size(IntEnum):
    LARGE = 2


class Plain(Enum):
    A = 1


@dataclass
class Point:
    x: int


class Pair(NamedTuple):
    a: int
    b: int


class Model:
    """Quacks like pydantic's."""

    def model_dump(self):
        return {}

    def __iter__(self):
        return iter(())


class Awaitable:
    def __await__(self):
        yield


def cycle():
    value = {}
    value["a"] = {"b": [value]}
    return {"a": value["a"]}


def deep(levels):
    value = []
    for _ in range(levels - 1):
        value = [value]
    return value


def evaluate(expression):
    return eval(expression, globals())


def same(a, b):  # noqa: PLR0911 - one line per kind
    """Whether *a* and *b* are equal and of the same types throughout; the order of keys counts."""
    if isinstance(a, dict) and isinstance(b, dict):
        return same(list(a.items()), list(b.items()))
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    if type(a) is not type(b):
        return False
    if isinstance(a, float):
        return isnan(b) if isnan(a) else a == b and copysign(1, a) == copysign(1, b)
    if isinstance(a, datetime):
        return a == b and a.tzinfo == b.tzinfo
    if isinstance(a, BaseException):
        return a.args == b.args
    return a == b


__all__ = ["UUID", "Decimal", "OrderedDict", "date", "evaluate", "inf", "nan", "same", "timedelta", "timezone"]


def random_value(chance, room=4):  # noqa: C901, PLR0911 - one case per kind
    """Some value that JavaScript gives back as it was: no whole floats, no keys that are numbers, no parts of a ms."""
    kinds = 12 if room else 9
    match chance.randrange(kinds):
        case 0:
            return None
        case 1:
            return chance.random() < 1 / 2
        case 2:
            return chance.randrange(-(2**53) + 1, 2**53)
        case 3:
            return chance.choice([-1, 1]) * chance.randrange(2**53, 2**80)
        case 4:
            return chance.choice([chance.random(), 1e300 * chance.random(), inf, -inf, nan, -0.0])
        case 5 | 6:
            return "".join(chr(chance.choice([34, 36, 92, 10, 0x7F, 0x2028, 0xE9, 0xD800, 0x1F600])) for _ in range(3))
        case 7:
            return chance.randbytes(5)
        case 8:
            return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=chance.randrange(-(10**13), 10**13))
        case 9:
            return [random_value(chance, room - 1) for _ in range(chance.randrange(4))]
        case 10:
            return {chance.randrange(9), "a"}
        case _:
            keys = ["$", "v", "__proto__", "constructor", "é", ""]
            return {key: random_value(chance, room - 1) for key in chance.sample(keys, 3)}
