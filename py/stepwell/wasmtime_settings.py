"""The settings of the wasmtime runtime: ``[tool.stepwell.wasmtime]`` in ``pyproject.toml``."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any

from stepwell.exceptions import InputError

if TYPE_CHECKING:
    from pathlib import Path

_MIB = 1 << 20
_NUMBERS = {
    "memory-mib": ("memory", _MIB, 32, 4096),
    "step-cpu-seconds": ("stepCpu", 1000, 0.001, None),
    "run-cpu-seconds": ("runCpu", 1000, 0.001, None),
    "pass-cpu-seconds": ("passCpu", 1000, 0.001, None),
    "pass-seconds": ("passWall", 1000, 0.001, None),
    "output-characters": ("maxOutput", 1, 1, None),
    "host-memory-mib": ("hostMemory", _MIB, 256, None),
    "threads": ("threads", 1, 1, 256),
}
"""As the file has them: what the host calls them, in how many of its units, and the least and the most."""
_WHOLE = {"memory", "hostMemory", "maxOutput", "threads"}


def wasmtime_settings(table: tuple[Path, dict[str, Any]]) -> dict[str, object]:
    """
    The settings as the host takes them.

    Args:
        table: Where ``[tool.stepwell]`` is, and what it says.

    Raises:
        InputError: wasmtime is not installed, or a setting is not known or not possible.
    """
    if importlib.util.find_spec("wasmtime") is None:
        raise InputError("The wasmtime runtime needs the package wasmtime. Run: pip install 'stepwell[wasmtime]'")
    path, found = table
    given = found.get("wasmtime", {})
    if not isinstance(given, dict):
        raise InputError(f"{path}: tool.stepwell.wasmtime is {given!r}; it must be a table.")
    return dict(_setting(f"{path}: tool.stepwell.wasmtime.{key}", key, value) for key, value in given.items())


def _setting(where: str, key: str, value: object) -> tuple[str, object]:
    if key == "fetch":
        if not isinstance(value, list) or not all(isinstance(host, str) for host in value):
            raise InputError(f"{where} is {value!r}; it must be a list of hosts, such as ['api.example.com'].")
        return key, value
    if key not in _NUMBERS:
        raise InputError(f"{where} is not a setting. There are fetch, {', '.join(_NUMBERS)}.")
    name, unit, least, most = _NUMBERS[key]
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or value < least or (most is not None and value > most):  # type: ignore[operator]  # it is a number
        bound = f"of {least:g} or more" if most is None else f"from {least:g} to {most:g}"
        raise InputError(f"{where} is {value!r}; it must be a number {bound}.")
    scaled = value * unit  # type: ignore[operator]
    return name, int(scaled) if name in _WHOLE else scaled
