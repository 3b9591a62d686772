"""The rows of `stepwell top`, for a terminal of any size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.text import Text

from stepwell.activity_rates import RATES, Rate
from stepwell.formatting import STATUS_SIGNS, age, signed
from stepwell.printable import printable
from stepwell.tables import took

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from stepwell.responses import InstanceSummary

NO_RATES: dict[Rate, float] = dict.fromkeys(RATES, 0.0)
MIN_NAME_COLUMNS = 12
MAX_NAME_COLUMNS = 48
MIN_ROWS_OF_INSTANCES = 3
"""So many rows of instances, and their heading, stay where there are very many workflows."""


@dataclass(frozen=True, slots=True)
class WorkflowActivity:
    """A workflow, how many instances it has by status, and what happens in it."""

    name: str
    instances: dict[str, int]
    rates: dict[Rate, float]

    def count(self, *statuses: str) -> int:
        """How many instances have one of *statuses*."""
        return sum(self.instances.get(status, 0) for status in statuses)


@dataclass(frozen=True, slots=True)
class Column:
    """A column with numbers."""

    title: str
    value: Callable[[WorkflowActivity], float]
    is_rate: bool = False
    style: str = ""

    def cell(self, row: WorkflowActivity) -> str:
        """The number as text."""
        value = self.value(row)
        if not self.is_rate:
            return f"{value:,.0f}"
        return "0" if value == 0 else f"{value:.1f}" if value < 100 else f"{value:,.0f}"  # noqa: PLR2004 - width


COLUMNS: dict[str, Column] = {
    "queued": Column("Queued", lambda row: row.count("queued")),
    "running": Column("Running", lambda row: row.count("running", "rollingBack"), style="cyan"),
    "waiting": Column("Waiting", lambda row: row.count("waiting"), style="magenta"),
    "paused": Column("Paused", lambda row: row.count("paused", "waitingForPause"), style="yellow"),
    "complete": Column("Complete", lambda row: row.count("complete"), style="green"),
    "errored": Column("Errored", lambda row: row.count("errored"), style="red"),
    "terminated": Column("Terminated", lambda row: row.count("terminated"), style="dim"),
    "started/s": Column("Start/s", lambda row: row.rates["started"], is_rate=True),
    "completed/s": Column("Done/s", lambda row: row.rates["completed"], is_rate=True),
    "failed/s": Column("Fail/s", lambda row: row.rates["failed"], is_rate=True),
    "steps/s": Column("Steps/s", lambda row: row.rates["steps"], is_rate=True),
}
"""By the word that `--sort` takes."""
LEFT_OUT_WHEN_NARROW = (
    "terminated",
    "paused",
    "queued",
    "failed/s",
    "completed/s",
    "started/s",
    "complete",
    "waiting",
    "errored",
    "running",
    "steps/s",
)
SORTS = ("name", *COLUMNS)
DEFAULT_SORT = "steps/s"


def sort_rows(rows: Sequence[WorkflowActivity], sort: str) -> list[WorkflowActivity]:
    """*rows* by name, or the largest number of column *sort* first; equal ones by what is going on, then by name."""
    if sort == "name":
        return sorted(rows, key=lambda row: row.name)
    column = COLUMNS[sort]
    return sorted(rows, key=lambda row: (-column.value(row), -row.count("running", "waiting", "queued"), row.name))


def workflow_lines(rows: Sequence[WorkflowActivity], sort: str, width: int) -> list[Text]:
    """A heading, and a line for each workflow, none wider than *width* columns."""
    cells = {key: [column.cell(row) for row in rows] for key, column in COLUMNS.items()}
    widths = {key: max(len(column.title) + 1, *map(len, cells[key]), 0) for key, column in COLUMNS.items()}
    shown = list(COLUMNS)
    for key in LEFT_OUT_WHEN_NARROW:
        if _width(widths, shown) + MIN_NAME_COLUMNS <= width:
            break
        if key != sort:
            shown.remove(key)
    longest = max((Text(printable(row.name)).cell_len for row in rows), default=0)
    room = width - _width(widths, shown)
    name_width = max(min(longest, room, MAX_NAME_COLUMNS), min(MIN_NAME_COLUMNS, width))
    heading = Text(_cell("Workflow" + _mark("name", sort), name_width))
    for key in shown:
        heading.append(f" {COLUMNS[key].title + _mark(key, sort):>{widths[key]}}")
    heading.stylize("bold reverse")
    lines = [heading]
    for index, row in enumerate(rows):
        line = Text(_cell(row.name, name_width))
        for key in shown:
            text = cells[key][index]
            line.append(f" {text:>{widths[key]}}", "dim" if text == "0" else COLUMNS[key].style)
        lines.append(line)
    return [_cut(line, width) for line in lines]


def instance_lines(instances: Sequence[InstanceSummary], width: int) -> list[Text]:
    """A heading, and a line for each of the newest instances, none wider than *width* columns."""
    rows = [
        (each.id, each.workflow_id, signed(STATUS_SIGNS, each.status), age(each.created_on), took(each))
        for each in instances
    ]
    titles = ("Newest instances", "Workflow", "Status", "Age", "Duration")
    widths = [max(Text(printable(cell)).cell_len for cell in cells) for cells in zip(titles, *rows, strict=True)]
    # The id has what the others leave; they are left out from the right while it has too little.
    widths[1] = min(widths[1], max(width // 4, MIN_NAME_COLUMNS))
    count = len(titles)
    while count > 1 and sum(widths[1:count]) + 2 * (count - 1) + min(widths[0], MIN_NAME_COLUMNS * 2) > width:
        count -= 1
    widths[0] = min(widths[0], max(width - sum(widths[1:count]) - 2 * (count - 1), 1))
    lines = [
        Text("  ".join(_cell(cell, size) for cell, size in list(zip(row, widths, strict=True))[:count]))
        for row in (titles, *rows)
    ]
    lines[0].stylize("bold")
    return [_cut(line, width) for line in lines]


def screen_lines(  # noqa: PLR0913 - what a screen shows
    rows: Sequence[WorkflowActivity],
    instances: Sequence[InstanceSummary],
    *,
    head: str,
    foot: str,
    sort: str,
    width: int,
    height: int,
) -> list[Text]:
    """The whole screen: at most *height* lines, at most *width* columns wide."""
    room = max(height - 2, 1)
    reserved = MIN_ROWS_OF_INSTANCES + 2 if instances and room > 2 * (MIN_ROWS_OF_INSTANCES + 2) else 0
    table = workflow_lines(sort_rows(rows, sort), sort, width)
    if len(table) > room - reserved:
        table = table[: room - reserved - 1]
        left_out = len(rows) - max(len(table) - 1, 0)
        table.append(_cut(Text(f"… and {left_out} more workflows", "dim"), width))
    lines = [_cut(Text(head, "bold"), width), *table]
    left = room - len(table) - 2
    if instances and left > 0:
        lines += [Text(""), *instance_lines(instances[:left], width)]
    lines += [Text("")] * (height - 1 - len(lines))
    return [*lines[: height - 1], _cut(Text(foot, "dim"), width)]


def _width(widths: dict[str, int], shown: Sequence[str]) -> int:
    return sum(widths[key] + 1 for key in shown)


def _mark(key: str, sort: str) -> str:
    return "▾" if key == sort else ""


def _cell(text: str, width: int) -> str:
    cell = Text(printable(text).replace("\n", "⏎"))
    cell.truncate(width, overflow="ellipsis", pad=True)
    return cell.plain


def _cut(line: Text, width: int) -> Text:
    line.truncate(width, overflow="ellipsis")
    return line
