"""States whose truth is in PostgreSQL: `--state postgres://user:password@host:port/database`."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

SCHEMES = ("postgres", "postgresql")
PASSWORD = "password"  # noqa: S105 - the name of a parameter
_ADDRESSES: dict[Path, str] = {}
"""The address of each anchor that this process has made."""


def anchor_of(address: str) -> Path:
    """
    The anchor of the ledger at *address*.

    An anchor is a file of the user. By it the commands on this machine find the process that serves the ledger, as they
    do by the file of another state. It is empty, and its name does not depend on the password.
    """
    public = _without_password(address)
    name = hashlib.sha256(public.encode()).hexdigest()[:16]
    anchor = _state_folder() / "ledgers" / name / "state.sqlite"
    _ADDRESSES[anchor] = address
    return anchor


def ledger_of(state: Path) -> str | None:
    """The address of the ledger whose anchor *state* is; None: it is the file of a state."""
    return _ADDRESSES.get(state)


def shown_state(state: Path) -> str:
    """*state* as people know it: its path, or its address without the password."""
    address = ledger_of(state)
    return str(state) if address is None else _without_password(address)


def _without_password(address: str) -> str:
    parts = urlsplit(address)
    user, at, host = parts.netloc.rpartition("@")
    query = [(key, value) for key, value in parse_qsl(parts.query, keep_blank_values=True) if key != PASSWORD]
    return urlunsplit(parts._replace(netloc=f"{user.partition(':')[0]}{at}{host}", query=urlencode(query, safe="/")))


def _state_folder() -> Path:
    base = os.environ.get("XDG_STATE_HOME", "")
    if os.path.isabs(base):  # noqa: PTH117 - a text
        return Path(base, "stepwell")
    return Path.home() / ".local" / "state" / "stepwell"
