"""Measure the runtimes beside their floor, and write the table of docs/runtimes.md: `nox -s runtimes -- --help`."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from processes import Program, ProgramError
from results import Results, number
from table import with_table
from whole import empty_processes

from stepwell.node import HOST_FLAGS, find_node, host_environment
from stepwell.runtimes import FOR_PYTHON

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

HERE = Path(__file__).parent
BEGIN = "<!-- measured: written by `nox -s runtimes` -->"
END = "<!-- end of measured -->"
PATIENCE = 600.0

COLUMNS = {
    "first_ms": "first step from nothing (ms)",
    "fresh_ms": "a further instance (ms)",
    "step_ms": "a step, in a row (ms)",
    "steps_per_s": "steps/s, 100 instances",
    "memory_mib": "memory after that (MiB)",
    "held_mib": "with 500 instances in a step (MiB)",
}
WALLS = {
    "instances": "other instances",
    "files": "the machine's files",
    "environment": "its environment",
    "network": "its network",
    "processes": "further processes",
}


@dataclass
class Measured:
    """What was measured: a list of figures for each repetition."""

    machine: dict[str, str]
    floors: list[dict[str, float]] = field(default_factory=list)
    runtimes: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)


def measure(names: Sequence[str], repetitions: int) -> Measured:
    """Measure the runtimes called *names* in turns, so that a machine that gets slower does so for all of them."""
    node = str(find_node().path)
    measured = Measured(Results.empty(python=sys.version.split()[0]).machine)
    environment = {**host_environment(), "STEPWELL_HOST_PYTHON": sys.executable}
    for repetition in range(repetitions):
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            given = json.dumps({"workload": "floors", "folder": folder})
            floors = _figures([node, *HOST_FLAGS, str(HERE / "stepwell.js"), given], Path(folder), environment)
            floors["processes_ms"] = empty_processes(Path(folder), node)
        measured.floors.append(floors)
        for name in names:
            print(f"repetition {repetition + 1} of {repetitions}: {name}", file=sys.stderr, flush=True)
            with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
                command = [node, *HOST_FLAGS, str(HERE / "runtimes.js"), name, folder]
                try:
                    figures = _figures(command, Path(folder), environment)
                except (ProgramError, ValueError, OSError) as error:
                    measured.errors[name] = " ".join(str(error).split())
                    continue
                measured.runtimes.setdefault(name, []).append(figures)
    return measured


def _figures(command: list[str], folder: Path, environment: dict[str, str]) -> dict[str, Any]:
    with Program(command, folder, env=environment) as program:
        figures: dict[str, Any] = json.loads(program.wait(patience=PATIENCE))
        return figures


def tables(measured: Measured) -> str:
    """The tables, in Markdown."""
    return "\n".join(_lines(measured))


def _lines(measured: Measured) -> Iterator[str]:
    floors = {name: statistics.median(each[name] for each in measured.floors) for name in measured.floors[0]}
    times = len(measured.floors)
    yield (
        f"Medians of {times} repetition{'' if times == 1 else 's'}. "
        f"{', '.join(f'{name} {value}' for name, value in measured.machine.items())}."
    )
    yield ""
    yield f"| runtime | {' | '.join(COLUMNS.values())} | steps/s for each commit/s of the floor |"
    yield f"| --- |{' ---: |' * (len(COLUMNS) + 1)}"
    for name, runs in measured.runtimes.items():
        figures = {column: statistics.median(run[column] for run in runs) for column in COLUMNS}
        share = figures["steps_per_s"] / floors["commits_per_s"]
        yield f"| `{name}` | {' | '.join(number(figures[column]) for column in COLUMNS)} | {number(share)} |"
    yield ""
    yield (
        "The floor, in the same minutes: "
        f"an empty Python and an empty Node {number(floors['processes_ms'])} ms, "
        f"bare Pyodide {number(floors['load_ms'])} ms and {number(floors['pss_mb'])} MB, "
        f"a commit {number(floors['commit_ms'])} ms ({number(floors['commits_per_s'])} a second), "
        f"a message to a thread and back {number(floors['thread_ms'])} ms."
    )
    yield ""
    yield "What code of an instance has reached, by trying:"
    yield ""
    yield f"| runtime | {' | '.join(WALLS.values())} |"
    yield f"| --- |{' --- |' * len(WALLS)}"
    for name, runs in measured.runtimes.items():
        reached = {wall: any(run["reaches"][wall] for run in runs) for wall in WALLS}
        yield f"| `{name}` | {' | '.join('yes' if reached[wall] else 'no' for wall in WALLS)} |"
    for name, error in measured.errors.items():
        yield ""
        yield f"`{name}` was not measured in all repetitions: {error}"


def main() -> None:
    """Measure, show, and write."""
    parser = argparse.ArgumentParser(description=__doc__, prog="nox -s runtimes --")
    parser.add_argument("runtimes", nargs="*", default=FOR_PYTHON, metavar="RUNTIME", help="Default: all for Python.")
    parser.add_argument("--repetitions", type=int, default=3, help="Default: 3.")
    parser.add_argument("--table", type=Path, metavar="FILE", help="Write the tables there, between its markers.")
    given = parser.parse_args()
    if unknown := [name for name in given.runtimes if name not in FOR_PYTHON]:
        parser.error(f"There is no runtime {unknown[0]!r} for Python workflows. There are {', '.join(FOR_PYTHON)}.")
    if given.repetitions < 1:
        parser.error("--repetitions takes a number from 1.")
    text = tables(measure(given.runtimes, given.repetitions))
    print(text)
    if given.table:
        page = given.table.read_text(encoding="utf-8")
        given.table.write_text(with_table(page, text, os.fspath(given.table), BEGIN, END), encoding="utf-8")


if __name__ == "__main__":
    main()
