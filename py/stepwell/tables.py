"""Tables and blocks for people, with rich."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from stepwell.console import open_console
from stepwell.formatting import STATUS_SIGNS, between, moment, signed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stepwell.console import PrintableConsole
    from stepwell.responses import InstanceSummary

VERSION_SHOWN = 8
"""Characters of a version, which is a hash."""
FOLDED_COLUMNS = 12
"""To so many columns cells are folded where there is no room."""
PIPE_WIDTH_COLUMNS = 200
"""Columns where there is no terminal: a pipe should get whole cells."""


def open_table_console() -> PrintableConsole:
    """The console on stdout."""
    console = open_console()
    return console if console.is_terminal else open_console(width=PIPE_WIDTH_COLUMNS)


def print_table(
    titles: Sequence[str], rows: Sequence[Sequence[str]], *, left_out_when_narrow: Sequence[str] = ()
) -> None:
    """
    Print a table. Cells are text, whatever brackets they have.

    Args:
        titles: Of the columns.
        rows: Their cells.
        left_out_when_narrow: Columns that are left out, in this order, while the table is wider than the terminal.
    """
    console = open_table_console()
    shown = list(titles)
    for title in left_out_when_narrow:
        if _width(titles, rows, shown) <= console.width:
            break
        shown.remove(title)
    table = Table(header_style="bold")
    for title in shown:
        # The first column is copied into other commands: it is whole, or the terminal wraps it as a whole.
        table.add_column(title, overflow="fold", no_wrap=title == titles[0])
    places = [titles.index(title) for title in shown]
    for row in rows:
        table.add_row(*(Text(row[place]) for place in places))
    # Rather than to cut the first column, the terminal wraps whole lines.
    width = max(console.width, _width(titles, rows, shown, FOLDED_COLUMNS))
    if width > console.width:
        console = open_console(width=width)
    console.print(table)


def _width(
    titles: Sequence[str], rows: Sequence[Sequence[str]], shown: Sequence[str], folded: int | None = None
) -> int:
    """
    Columns of the terminal that the columns *shown* need, with a rule and two spaces for each.

    Args:
        titles: Of all columns.
        rows: Their cells.
        shown: Titles of those that count.
        folded: The cells of all but the first one are folded to this.
    """
    widths = [max(cell_len(line[titles.index(title)]) for line in (titles, *rows)) for title in shown]
    if folded is not None:
        widths = [widths[0], *(min(width, folded) for width in widths[1:])]
    return sum(width + 3 for width in widths) + 1


def print_pairs(pairs: Sequence[tuple[str, str]], *, indent: int = 0) -> None:
    """Print a block of names and values."""
    console = open_table_console()
    width = max(len(name) for name, _ in pairs) + 2
    for name, value in pairs:
        console.print(Text.assemble(" " * indent, (f"{name}:".ljust(width), "bold"), value), soft_wrap=True)


def print_instances(instances: Sequence[InstanceSummary], *, with_workflow: bool = False) -> None:
    """Print a list of instances, each with its workflow where they are of several."""
    rows = [
        [
            instance.id,
            *((instance.workflow_id,) if with_workflow else ()),
            instance.version_id[:VERSION_SHOWN],
            moment(instance.created_on),
            moment(instance.modified_on),
            took(instance),
            signed(STATUS_SIGNS, instance.status),
        ]
        for instance in instances
    ]
    workflow = ("Workflow",) if with_workflow else ()
    titles = ["Instance ID", *workflow, "Version", "Created", "Modified", "Duration", "Status"]
    print_table(titles, rows, left_out_when_narrow=("Modified", "Version", "Created", "Duration"))


def took(instance: InstanceSummary) -> str:
    """How long it ran, or has been running."""
    return between(instance.started_on, instance.ended_on or datetime.now(UTC))
