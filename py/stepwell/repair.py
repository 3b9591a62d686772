"""Damaged instances of a state: found, and set aside by ``stepwell doctor --repair``."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stepwell.exceptions import InputError, InternalError
from stepwell.host_process import host_root
from stepwell.node import find_node

if TYPE_CHECKING:
    from pathlib import Path


PATIENCE_MS = 10_000
"""How long a host that is ending may keep the state."""


@dataclass(frozen=True, slots=True)
class DamagedInstance:
    """
    An instance whose rows cannot be read, or are not what was written.

    Attributes:
        workflow: The name of its workflow.
        id: Its id.
        what: What is wrong, as a sentence.
    """

    workflow: str
    id: str
    what: str


def examine_instances(state: Path, *, repair: bool) -> tuple[list[DamagedInstance], str | None]:
    """
    Read every instance of *state*, which no process may own meanwhile.

    Returns:
        The damaged ones, and with *repair* the file that they have been moved to.

    Raises:
        InputError: The state cannot be used.
    """
    script = host_root() / "js" / "server" / "repair.js"
    command = [os.fspath(find_node().path), os.fspath(script), os.fspath(state), "--patience", str(PATIENCE_MS)]
    done = subprocess.run(  # noqa: S603 - our own script
        [*command, "--repair"] if repair else command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    try:
        answer: object = json.loads(done.stdout)
    except ValueError:
        raise InternalError(f"The repair of {state} answered {done.stdout[:200]!r}: {done.stderr[:2000]}") from None
    match answer:
        case {"damaged": list(damaged), "file": file}:
            found = [DamagedInstance(each["workflow"], each["id"], each["what"]) for each in damaged]
            return found, None if file is None else str(file)
        case {"error": {"code": str(code), "message": str(message)}} if code.startswith("state."):
            raise InputError(f"State file {str(state)!r} cannot be used: {message}.")
    raise InternalError(f"The repair of {state} answered {done.stdout[:2000]}")
