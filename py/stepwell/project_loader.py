"""Loads the project that a TARGET names."""

from __future__ import annotations

from pathlib import Path

from stepwell.exceptions import InputError
from stepwell.project import Project
from stepwell.target import Target, find_target


def load_project(target: Target, environment: str | None = None) -> Project:
    """
    Read what *target* names, and of a configuration what *environment* (`--env`) uses.

    Raises:
        InputError: The configuration does not fit.
    """
    if target.main is not None:
        return Project(main=target.main)
    from stepwell.wrangler import load_config  # noqa: PLC0415 - a file needs no configuration

    assert target.config is not None  # noqa: S101 - a target is one or the other
    return load_config(target.config, environment)


def load_targets(target: str | None, configs: tuple[str, ...], environment: str | None) -> list[tuple[Target, Project]]:
    """
    The projects of a command that runs one or several Workers: TARGET, or each of *configs*, or this folder.

    Raises:
        InputError: There is no project, a configuration does not fit, or two Workers have one name.
    """
    loaded = [(each, load_project(each, environment)) for each in find_targets(target, configs)]
    names: dict[str, Path] = {}
    for _, project in loaded:
        name = project.script_name
        if name is None:
            continue
        if name in names:
            raise InputError(f"{project.config} and {names[name]} have the Worker name {name!r}. Give each its own.")
        names[name] = project.config or project.main
    return loaded


def find_targets(target: str | None, configs: tuple[str, ...]) -> list[Target]:
    """
    What such a command names, without reading it.

    Raises:
        InputError: There is no project.
    """
    if target is not None and configs:
        raise InputError("TARGET and --config are both given; give one of them.")
    return [_config_target(each) for each in configs] or [find_target(target or ".")]


def _config_target(text: str) -> Target:
    path = Path(text)
    if not path.is_file():
        raise InputError(f"--config {text!r} is not a file.")
    if path.suffix not in {".json", ".jsonc", ".toml"}:
        raise InputError(f"--config {text!r} is not a wrangler.json, wrangler.jsonc or wrangler.toml.")
    return Target(text, None, path, None)
