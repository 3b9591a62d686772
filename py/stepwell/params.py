"""JSON from the command line."""

from __future__ import annotations

import json
import math
import sys
from typing import TYPE_CHECKING, NoReturn

from stepwell.exceptions import InputError

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

MAX_TEXT_BYTES = 128 * 1024 * 1024
"""The longest JSON text that is read. The value in it has a smaller limit, which the host checks."""
MAX_SHOWN_CHARACTERS = 80
"""The longest part of a faulty text that an error message repeats."""


def read_params(text: str | None, file: Path | None) -> object:
    """
    The params of `--params` or `--params-file`; None where neither is given.

    Raises:
        InputError: Both are given, the file cannot be read, or it is not JSON, or too large.
    """
    if text is not None and file is not None:
        raise InputError("--params and --params-file are both given; give one of them.")
    if text is not None:
        return parse_json(text, "--params")
    return None if file is None else read_json_file(file, "--params-file")


def read_json_file(file: Path, option: str) -> object:
    """
    The value of the JSON text in *file*; `-` is standard input.

    Raises:
        InputError: The file cannot be read, or it is not JSON, or too large.
    """
    if str(file) == "-":
        return _decode_json(_read_standard_input(option), f"{option} -")
    try:
        with file.open("rb") as stream:
            return _decode_json(_read_bounded(stream, f"{option} {str(file)!r}"), f"{option} {str(file)!r}")
    except (OSError, ValueError) as error:
        # ValueError: a path with a null byte.
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{option} {str(file)!r} cannot be read: {reason}.") from error


def _read_standard_input(option: str) -> bytes:
    # Python sets it to None where the descriptor is closed.
    if sys.stdin is None:
        raise InputError(f"{option} - cannot be read: standard input is closed.")
    try:
        return _read_bounded(sys.stdin.buffer, f"{option} -")
    except (OSError, ValueError) as error:
        raise InputError(f"{option} - cannot be read: {getattr(error, 'strerror', None) or error}.") from error


def _read_bounded(stream: BinaryIO, what: str) -> bytes:
    data = stream.read(MAX_TEXT_BYTES + 1)
    if len(data) > MAX_TEXT_BYTES:
        raise InputError(f"{what} is longer than {MAX_TEXT_BYTES:,} bytes.")
    return data


def _decode_json(data: bytes, what: str) -> object:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{what} is not UTF-8 text: {error.reason} at byte {error.start}.") from error
    return parse_json(text, what)


def parse_json(text: str, what: str) -> object:
    """
    The value of the JSON *text*.

    Args:
        text: The text. A byte order mark at its beginning is ignored.
        what: The source of the text, for the message.

    Raises:
        InputError: It is not JSON, holds a number that is out of range, or is not UTF-8.
    """
    text = text.removeprefix("\ufeff")
    if not _is_utf8(text):
        raise InputError(f"{what} is not UTF-8 text.")

    def refuse(constant: str) -> NoReturn:
        raise InputError(f"{what} is not JSON: {constant} is not a JSON value.")

    def parse_float(number: str) -> float:
        value = float(number)
        if math.isinf(value):
            raise InputError(f"{what} holds the number {_shown(number)}, which is too large.")
        return value

    def parse_int(number: str) -> int:
        try:
            return int(number)
        except ValueError:
            raise InputError(f"{what} holds an integer of {len(number):,} digits; the limit is 4,300.") from None

    try:
        return json.loads(text, parse_constant=refuse, parse_float=parse_float, parse_int=parse_int)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise InputError(f"{what} is not JSON: {error.msg} at {where}. Got: {_shown(text)!r}.") from error
    except RecursionError as error:
        raise InputError(f"{what} is nested too deeply.") from error


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _shown(text: str) -> str:
    return text if len(text) <= MAX_SHOWN_CHARACTERS else text[:MAX_SHOWN_CHARACTERS] + "…"


def params_of(text: str | None, pairs: tuple[str, ...], what: str) -> object:
    """
    The value of the JSON *text*, with the members of *pairs*; an empty object where neither is given.

    A value of a pair that is JSON means that value, any other text itself.

    Raises:
        InputError: It is not JSON, or too large, or not an object to which members can be added.
    """
    value = {} if text is None else parse_json(text, what)
    if not pairs:
        return value
    if not isinstance(value, dict):
        raise InputError(f"--param adds members to an object, and {what} is not one.")
    for pair in pairs:
        key, equals, given = pair.partition("=")
        if not key or not equals:
            raise InputError(f"--param is {pair!r}; it must be KEY=VALUE.")
        try:
            value[key] = parse_json(given, "--param")
        except InputError:
            value[key] = given
    return value


def same_json(one: object, other: object) -> bool:
    """Whether two values are the same JSON: numbers by value, but true is not 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same_json(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same_json, one, other))
    return one == other
