"""A configuration file: its value, and the line of each key."""

from __future__ import annotations

import functools
import json
import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from stepwell.exceptions import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from stepwell.config.positions import Keys

_COMMENTS = re.compile(r'"(?:[^"\\\n]|\\.)*"|//[^\n]*|/\*.*?\*/', re.DOTALL)
_TRAILING_COMMAS = re.compile(r'"(?:[^"\\\n]|\\.)*"|,(?=\s*[}\]])')
_TOML_PLACE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")


@dataclass(frozen=True)
class Document:
    """
    A file that was read.

    Attributes:
        path: The file.
        text: What it says; JSON without comments and trailing commas, or TOML.
        value: The parsed text.
    """

    path: Path
    text: str
    value: object

    @functools.cached_property
    def _lines(self) -> dict[Keys, int]:
        # Most files have nothing that needs a line: the parser is loaded when something does.
        from stepwell.config.positions import json_lines, toml_lines  # noqa: PLC0415

        try:
            return toml_lines(self.text) if self.path.suffix == ".toml" else json_lines(self.text)
        except RecursionError:
            # It is nested too deep to be walked through. Its errors name the first line.
            return {}

    def line(self, keys: Sequence[str | int]) -> int:
        """The line of the key that *keys* lead to; where the file lacks it, the line of its table."""
        found = tuple(keys)
        while found and found not in self._lines:
            found = found[:-1]
        return self._lines.get(found, 1)

    def at(self, keys: Sequence[str | int]) -> str:
        """The file and the line of *keys*, as editors and terminals take them."""
        return f"{self.path}:{self.line(keys)}"

    def error(self, keys: Sequence[str | int], problem: str) -> InputError:
        """The error that says that the value at *keys* has *problem*, which begins with a verb."""
        return InputError(f"{self.at(keys)}: {shown_key(keys) or 'the file'} {problem}")


def shown_key(keys: Sequence[str | int]) -> str:
    """*keys* as people write them: ``workflows[0].name``."""
    shown = ""
    for key in keys:
        shown += f"[{key}]" if isinstance(key, int) else f".{key}" if shown else str(key)
    return shown


def read_document(path: Path) -> Document:
    """
    Read and parse the file at *path*: TOML, or JSON with comments and trailing commas.

    Raises:
        InputError: It cannot be read or parsed; the message names the line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text: {error.reason} at byte {error.start}.") from error
    if path.suffix == ".toml":
        return Document(path, text, _parse_toml(path, text))
    plain = _TRAILING_COMMAS.sub(_blank, _COMMENTS.sub(_blank, text))
    return Document(path, plain, _parse_json(path, plain))


def _blank(match: re.Match[str]) -> str:
    """Spaces in place of a comment or a comma, so that all else keeps its place; a string as it is."""
    text = match[0]
    return text if text.startswith('"') else re.sub(r"[^\n]", " ", text)


def _parse_json(path: Path, text: str) -> object:
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise InputError(f"{path}:{error.lineno}: not JSON: {error.msg} in column {error.colno}.") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is not JSON: {error}.") from error


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number of JSON")


def _parse_toml(path: Path, text: str) -> object:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        place = _TOML_PLACE.search(message)
        line = int(place[1]) if place and place[1] else text.count("\n") + 1
        raise InputError(f"{path}:{line}: not TOML: {_TOML_PLACE.sub('', message)}.") from error
    except (ValueError, RecursionError) as error:
        # An integer of thousands of digits, or a nesting of thousands of levels.
        raise InputError(f"{path} is not TOML: {error}.") from error
