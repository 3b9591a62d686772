"""Tables and blocks for people, with rich."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from stepwell.console import open_console
from stepwell.formatting import STATUS_SIGNS, moment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stepwell.console import PrintableConsole
    from stepwell.responses import InstanceSummary

PIPE_WIDTH_COLUMNS = 200
"""Columns where there is no terminal: a pipe should get whole cells."""


def open_table_console() -> PrintableConsole:
    """The console on stdout."""
    console = open_console()
    return console if console.is_terminal else open_console(width=PIPE_WIDTH_COLUMNS)


def print_table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table. Cells are text, whatever brackets they have."""
    table = Table(header_style="bold")
    for title in titles:
        table.add_column(title, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    open_table_console().print(table)


def print_pairs(pairs: Sequence[tuple[str, str]], *, indent: int = 0) -> None:
    """Print a block of names and values."""
    console = open_table_console()
    width = max(len(name) for name, _ in pairs) + 2
    for name, value in pairs:
        console.print(Text.assemble(" " * indent, (f"{name}:".ljust(width), "bold"), value), soft_wrap=True)


def instance_rows(instances: Sequence[InstanceSummary]) -> tuple[list[str], list[list[str]]]:
    """Titles and rows of a list of instances."""
    rows = [
        [
            instance.id,
            instance.version_id,
            moment(instance.created_on),
            moment(instance.modified_on),
            STATUS_SIGNS.get(instance.status, instance.status),
        ]
        for instance in instances
    ]
    return ["Instance ID", "Version", "Created", "Modified", "Status"], rows
