"""What takes the place of bindings of Cloudflare's: ``[tool.stepwell.ai]`` and ``[tool.stepwell.stubs]``."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from stepwell.exceptions import InputError
from stepwell.interpreters import project_table

if TYPE_CHECKING:
    from pathlib import Path

    from stepwell.config.binding_keys import ConfigBinding

URL_VARIABLE = "STEPWELL_AI_URL"
_STUB = re.compile(r"[\w.]+:\w+")
_AI_KEYS = {"base_url": str, "key_variable": str, "model": str, "models": dict}


def with_stand_ins(bindings: list[ConfigBinding], main: Path) -> list[ConfigBinding]:
    """
    Give *bindings* what the project of *main* says should carry them out.

    Raises:
        InputError: It says something that is not possible.
    """
    path, table = project_table(main)
    stubs = _stubs(path, table, {binding.name for binding in bindings}, main)
    ai = _ai_settings(path, table)
    return [_stand_in(binding, stubs, ai) for binding in bindings]


def _stand_in(binding: ConfigBinding, stubs: dict[str, str], ai: dict[str, Any]) -> ConfigBinding:
    if binding.name in stubs:
        return replace(binding, entry={"kind": "host", "type": "stub", "options": {"target": stubs[binding.name]}})
    if binding.keys[-1] != "ai" or not binding.is_refused:
        return binding
    if "base_url" in ai:
        return replace(binding, entry={"kind": "host", "type": "ai", "options": ai})
    message = (
        f"env.{binding.name} cannot be used: nothing carries out Workers AI. Name a server that speaks OpenAI's "
        f"interface by base_url in [tool.stepwell.ai] of pyproject.toml or by {URL_VARIABLE}, or a stub in "
        "[tool.stepwell.stubs]."
    )
    return replace(binding, entry={"kind": "refused", "message": message})


def _ai_settings(path: Path, table: dict[str, Any]) -> dict[str, Any]:
    given = table.get("ai", {})
    if not isinstance(given, dict):
        raise InputError(f"{path}: tool.stepwell.ai is {given!r}; it must be a table.")
    for key, value in given.items():
        if key not in _AI_KEYS:
            raise InputError(f"{path}: tool.stepwell.ai has no key {key!r}. It has: {', '.join(_AI_KEYS)}.")
        if not isinstance(value, _AI_KEYS[key]):
            kind = "a table" if _AI_KEYS[key] is dict else "a string"
            raise InputError(f"{path}: tool.stepwell.ai.{key} is {value!r}; it must be {kind}.")
    models = given.get("models", {})
    for model, name in models.items():
        if not isinstance(name, str):
            raise InputError(f"{path}: tool.stepwell.ai.models.{model!r} is {name!r}; it must be a string.")
    url = os.environ.get(URL_VARIABLE)
    settings = {**given, "base_url": url} if url else dict(given)
    base = settings.get("base_url")
    if base is not None and not re.match(r"https?://[^/]", base):
        where = URL_VARIABLE if url else f"{path}: tool.stepwell.ai.base_url"
        raise InputError(f"{where} is {base!r}; it must be an address such as http://localhost:11434/v1.")
    return settings


def _stubs(path: Path, table: dict[str, Any], names: set[str], main: Path) -> dict[str, str]:
    given = table.get("stubs", {})
    if not isinstance(given, dict):
        raise InputError(f"{path}: tool.stepwell.stubs is {given!r}; it must be a table.")
    for name, target in given.items():
        if not isinstance(target, str) or not _STUB.fullmatch(target):
            raise InputError(f"{path}: tool.stepwell.stubs.{name} is {target!r}; it must be 'module:name'.")
        if name not in names:
            known = ", ".join(sorted(names)) or "none"
            raise InputError(f"{path}: tool.stepwell.stubs.{name} stands for no binding of the configuration: {known}.")
    if given and main.suffix != ".py":
        raise InputError(f"{path}: tool.stepwell.stubs are modules in Python, and {main.name} is not.")
    return dict(given)
