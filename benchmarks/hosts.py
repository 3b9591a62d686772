"""The host that owns a state, for drivers that watch a whole process from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.client import Client
from stepwell.host_address import address_of
from stepwell.http_connection import UnixEndpoint
from stepwell.state import read_owner

if TYPE_CHECKING:
    from pathlib import Path


def open_client(state: Path) -> Client | None:
    """A client of the host that owns *state*; None before there is one."""
    owner = read_owner(state)
    address = None if owner is None or owner.secret is None else address_of(state, owner.socket, owner.secret)
    return None if address is None else Client(UnixEndpoint(address))
