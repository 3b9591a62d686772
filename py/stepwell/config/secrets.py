"""Where a Worker's secrets are: `.dev.vars` and `.env` beside its configuration. The host reads their values."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

LOAD_VARIABLE = "CLOUDFLARE_LOAD_DEV_VARS_FROM_DOT_ENV"
"""`false`: secrets come from `.dev.vars` alone."""
PROCESS_VARIABLE = "CLOUDFLARE_INCLUDE_PROCESS_ENV"
"""`true`: the variables of this process are secrets too."""


def secret_files(folder: Path, environment: str | None) -> list[Path]:
    """The files beside the configuration that hold secrets, in the order in which later ones win; those that exist."""
    for name in ([f".dev.vars.{environment}"] if environment else []) + [".dev.vars"]:
        if (folder / name).is_file():
            return [folder / name]
    if os.environ.get(LOAD_VARIABLE, "").lower() == "false":
        return []
    names = [".env", ".env.local"]
    if environment:
        names += [f".env.{environment}", f".env.{environment}.local"]
    return [folder / name for name in names if (folder / name).is_file()]


def secrets_request(folder: Path, environment: str | None, required: list[str] | None) -> dict[str, object]:
    """What the host takes to read the secrets, each time it loads the code."""
    request: dict[str, object] = {"folder": str(folder)}
    if environment is not None:
        request["environment"] = environment
    if required is not None:
        request["required"] = required
    if os.environ.get(LOAD_VARIABLE, "").lower() == "false":
        request["dot_env"] = False
    if os.environ.get(PROCESS_VARIABLE, "").lower() == "true" or required is not None:
        request["process_env"] = True
    return request
