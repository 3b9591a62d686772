"""JSON from the command line."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, NoReturn

from stepwell.exceptions import InputError

if TYPE_CHECKING:
    from pathlib import Path

MAX_PARAMS_BYTES = 1024 * 1024
"""Upstream's limit for params and for an event's payload."""
MAX_SHOWN_CHARACTERS = 80
"""Characters of a faulty text that are repeated."""


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
    if file is None:
        return None
    if str(file) == "-":
        return parse_json(sys.stdin.read(), "--params-file -")
    try:
        return parse_json(file.read_text(encoding="utf-8"), f"--params-file {str(file)!r}")
    except OSError as error:
        raise InputError(f"--params-file {str(file)!r} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        where = f"{error.reason} at byte {error.start}"
        raise InputError(f"--params-file {str(file)!r} is not UTF-8 text: {where}.") from error


def parse_json(text: str, what: str) -> object:
    """
    The value of the JSON *text*.

    Args:
        text: The text.
        what: Where it comes from, for the message.

    Raises:
        InputError: It is not JSON, or too large.
    """
    size = len(text.encode())
    if size > MAX_PARAMS_BYTES:
        raise InputError(f"{what} is {size:,} bytes long; the limit is {MAX_PARAMS_BYTES:,} (1 MiB).")

    def refuse(constant: str) -> NoReturn:
        raise InputError(f"{what} is not JSON: {constant} is not a JSON value.")

    try:
        return json.loads(text, parse_constant=refuse)
    except json.JSONDecodeError as error:
        shown = text if len(text) <= MAX_SHOWN_CHARACTERS else text[:MAX_SHOWN_CHARACTERS] + "…"
        where = f"line {error.lineno}, column {error.colno}"
        raise InputError(f"{what} is not JSON: {error.msg} at {where}. Got: {shown!r}.") from error
    except RecursionError as error:
        raise InputError(f"{what} is nested too deeply.") from error


def same_json(one: object, other: object) -> bool:
    """Whether two values are the same JSON: numbers by value, but true is not 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same_json(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same_json, one, other))
    return one == other
