"""Values as TOML text: what Stepwell adds to lock files."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def toml_value(value: Any) -> str:  # noqa: ANN401 - each type of TOML
    """*value* on one line: a string, number, boolean, time, array or inline table."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list):
        return f"[{', '.join(toml_value(each) for each in value)}]"
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{key} = {toml_value(each)}' for key, each in value.items())} }}"
    # JSON and TOML write strings, integers and booleans in the same way.
    return json.dumps(value, ensure_ascii=False)


def toml_table(header: str, table: Mapping[str, Any]) -> str:
    """*table* under its *header*, a line for each key."""
    return "\n".join([header, *(f"{key} = {toml_value(value)}" for key, value in table.items()), ""])
