"""Which part of a configuration an environment uses: `env.NAME`, and what it takes over from the top level."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stepwell.config.keys import INHERITED, KEYS, NOT_INHERITED, TOP_LEVEL
from stepwell.config.schema import shown
from stepwell.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stepwell.config.document import Document

ENV_VARIABLE = "CLOUDFLARE_ENV"
"""The environment where `--env` is absent."""


@dataclass(frozen=True, slots=True)
class ConfigEnvironment:
    """
    What holds for one environment.

    Attributes:
        name: The environment; None for the top level.
        values: The keys that hold.
        origins: Where each of them is in the file.
        warnings: What looks like a mistake.
    """

    name: str | None
    values: dict[str, object]
    origins: dict[str, tuple[str | int, ...]]
    warnings: list[str] = field(default_factory=list)

    def keys(self, *inner: str | int) -> tuple[str | int, ...]:
        """The place in the file of a key below a top-level one."""
        first, *rest = inner
        return (*self.origins.get(str(first), (first,)), *rest)


def chosen_environment(option: str | None) -> str | None:
    """The environment that `--env` or `CLOUDFLARE_ENV` names; an empty name is the top level."""
    return (os.environ.get(ENV_VARIABLE) if option is None else option) or None


def select_environment(document: Document, name: str | None) -> ConfigEnvironment:
    """
    The configuration of environment *name*, or of the top level.

    Raises:
        InputError: There is no such environment, or the configuration has the wrong shape.
    """
    top = document.value
    if not isinstance(top, dict):
        raise document.error((), f"is {shown(top)}; it must be an object.")
    warnings = _unknown_keys(document, top, ())
    environments = top.get("env")
    if not isinstance(environments, dict | None):
        raise document.error(("env",), "must be an object.")
    if name is None:
        return ConfigEnvironment(None, dict(top), {}, warnings)
    if not environments:
        warnings.append(f"{document.path} has no environment {name!r}; its top level is used.")
        return ConfigEnvironment(name, {**top, **_named(top, {}, name)}, {}, warnings)
    if name not in environments:
        hint = did_you_mean(name, environments) or f" There are {', '.join(map(str, environments))}."
        raise document.error(("env",), f"has no environment {name!r}.{hint}")
    own = environments[name]
    if not isinstance(own, dict):
        raise document.error(("env", name), "must be an object.")
    warnings += _unknown_keys(document, own, ("env", name))
    warnings += _not_inherited(document, top, own, name)
    inherited = {key: value for key, value in top.items() if key in INHERITED | TOP_LEVEL or key not in KEYS}
    values = {**inherited, **{key: value for key, value in own.items() if key not in TOP_LEVEL}}
    origins: dict[str, tuple[str | int, ...]] = {key: ("env", name, key) for key in own if key not in TOP_LEVEL}
    return ConfigEnvironment(name, {**values, **_named(top, own, name)}, origins, warnings)


def _named(top: Mapping[str, object], own: Mapping[str, object], name: str) -> dict[str, object]:
    """The Worker's name: of its own, or the top level's with the environment after it."""
    if "name" in own or not isinstance(top.get("name"), str):
        return {}
    return {"name": f"{top['name']}-{name}"}


def _not_inherited(document: Document, top: Mapping[str, object], own: Mapping[str, object], name: str) -> list[str]:
    """Warnings about what the top level has and the environment lacks, though it is likely meant."""
    warnings = [
        f"{document.at((key,))}: {key} is at the top level only, and environment {name!r} does not take it over. "
        f"Add it to env.{name}."
        for key in top
        if key in NOT_INHERITED and key not in own
    ]
    above, here = top.get("vars"), own.get("vars")
    if isinstance(above, dict) and isinstance(here, dict):
        warnings += [
            f"{document.at(('vars', key))}: vars.{key} is at the top level only, and environment {name!r} does not "
            f"take it over. Add it to env.{name}.vars."
            for key in above
            if key not in here
        ]
    return warnings


def _unknown_keys(document: Document, config: Mapping[str, object], place: tuple[str, ...]) -> list[str]:
    where = "".join(f"{part}." for part in place)
    warnings = []
    for key in config:
        if key not in KEYS:
            hint = did_you_mean(key, KEYS)
            warnings.append(f"{document.at((*place, key))}: unknown key {where}{key}.{hint}")
        elif place and key in TOP_LEVEL:
            at = document.at((*place, key))
            warnings.append(f"{at}: {where}{key} has no effect; {key} belongs to the top level.")
    return warnings
