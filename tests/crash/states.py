"""Where the state of a round is, and what it says past the engine."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING, Protocol

from stepwell.ledger_address import anchor_of

if TYPE_CHECKING:
    from pathlib import Path

    from cluster import Cluster


class State(Protocol):
    """
    A state.

    Attributes:
        given: What commands get after --state.
        anchor: The file by which commands find its host.
        schema: What stands before the names of its tables.
    """

    given: str
    anchor: Path
    schema: str

    def rows(self, query: str) -> dict[str, str]:
        """The rows of a query for two columns; none where the state does not exist yet."""


class FileState:
    """In a file."""

    schema = "main"

    def __init__(self, path: Path) -> None:
        self.given = str(path)
        self.anchor = path

    def rows(self, query: str) -> dict[str, str]:
        if not self.anchor.exists():
            return {}
        with contextlib.closing(sqlite3.connect(f"file:{self.anchor}?mode=ro", uri=True, timeout=5)) as database:
            try:
                return {str(key): value for key, value in database.execute(query)}
            except sqlite3.OperationalError:
                return {}


class DatabaseState:
    """In PostgreSQL."""

    def __init__(self, cluster: Cluster, schema: str) -> None:
        self.given = cluster.address(schema=schema)
        self.anchor = anchor_of(self.given)
        self.schema = schema
        self._cluster = cluster

    def rows(self, query: str) -> dict[str, str]:
        if self._cluster.query(f"SELECT to_regclass('{self.schema}.instances') IS NULL") == "t":
            return {}
        lines = self._cluster.query(query).splitlines()
        return {key: value for key, _, value in (line.partition("|") for line in lines)}
