"""Loads the project that a TARGET names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.project import Project

if TYPE_CHECKING:
    from stepwell.target import Target


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
