"""
Measure Stepwell, its floors and, where asked for, its peers: `python benchmarks/run.py --help`.

Every job runs in a process of its own, on a state of its own, once in each repetition.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import whole
from chart import chart
from peers import Peers
from plan import PEERS, Job, jobs
from processes import Figures, Program, ProgramError, leave_network
from results import STEPWELL, Results, report
from table import MarkerError, with_table, write_table

from stepwell.node import HOST_FLAGS, find_node, host_environment, node_version

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

HERE = Path(__file__).parent
FAILURES = (ProgramError, subprocess.TimeoutExpired, ValueError, KeyError, OSError)


def options() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0], prog="nox -s bench --")
    parser.add_argument("--peers", nargs="?", const=",".join(PEERS), default="", help="beside these, or all: %(const)s")
    parser.add_argument("--only", default="", metavar="A,B20,...", help="only these workloads")
    parser.add_argument("--repetitions", type=int, default=3, help="default: %(default)s")
    parser.add_argument(
        "--sleepers", type=int, default=100_000, help="how many sleep at once in E; default: %(default)s"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures to FILE")
    parser.add_argument("--chart", type=Path, metavar="FILE", help="draw the chart (SVG) to FILE")
    parser.add_argument(
        "--table", type=Path, metavar="FILE", help="put the table of bars and peers between the markers in FILE"
    )
    parser.add_argument(
        "--from", dest="source", type=Path, metavar="FILE", help="measure nothing: read what --json wrote"
    )
    parser.add_argument(
        "--folder",
        type=Path,
        default=Path("build/bench"),
        help="where states are while they are measured, and peers are installed: its disk counts; default: %(default)s",
    )
    given = parser.parse_args()
    given.peers = [peer for peer in given.peers.split(",") if peer]
    if given.table:
        # Before a quarter of an hour of measuring, not after.
        try:
            with_table(given.table.read_text(), "", str(given.table))
        except (OSError, MarkerError) as error:
            parser.error(f"--table: {error}")
    if unknown := set(given.peers) - set(PEERS):
        parser.error(f"unknown peers: {', '.join(unknown)}; there are {', '.join(PEERS)}")
    return given


class Run:
    """One run of everything that was asked for."""

    def __init__(self, given: argparse.Namespace) -> None:
        node = find_node()
        self._node = node.path
        self._given = given
        only = given.only.split(",")
        self.jobs = [job for job in jobs(given.sleepers) if not given.only or job.key in only or job.key[0] in only]
        self._folder = given.folder.resolve()
        self._folder.mkdir(parents=True, exist_ok=True)
        self._peers = Peers(self._folder / "peers", self._node)
        if given.peers:
            self._peers.install()
        leave_network()
        self.results = Results.empty(node=node_version(node), python=sys.version.split()[0], pyodide=_pyodide_version())

    def measure(self) -> Results:
        """Repeat everything so many times."""
        for repetition in range(self._given.repetitions):
            self._tell(f"repetition {repetition + 1} of {self._given.repetitions}: floors")
            self.results.add_floors(self._attempt("floors", STEPWELL, self._floors))
            for job in self.jobs:
                if repetition > 0 and job.once:
                    continue
                for engine, settings in self._engines(job):
                    self._tell(f"{job.key} {engine}")
                    figures = self._attempt(job.key, engine, lambda at: self._measure(engine, job, settings, at))  # noqa: B023 - called at once
                    self.results.add(job.key, engine, figures)
            self._keep()
        return self.results

    def _engines(self, job: Job) -> Iterator[tuple[str, Mapping[str, Any]]]:
        yield STEPWELL, job.settings
        if job.peer:
            for peer in self._given.peers:
                yield peer, job.peer

    def _attempt(self, job: str, engine: str, measure: Any) -> Figures:
        """Measure in an empty folder; what comes to nothing is noted, and the run goes on."""
        with tempfile.TemporaryDirectory(dir=self._folder, ignore_cleanup_errors=True) as folder:
            try:
                figures: Figures = measure(Path(folder))
            except FAILURES as error:
                # Where the folder is has no place in what is published.
                message = str(error).replace(f"{self._folder}/", "")
                self._tell(f"{job} {engine}: {message}")
                self.results.add_error(job, engine, message)
                return {}
        return figures

    def _measure(self, engine: str, job: Job, settings: Mapping[str, Any], folder: Path) -> Figures:
        if engine != STEPWELL:
            return self._peers.measure(engine, settings, folder, watch_memory=job.watch_memory)
        match settings["workload"]:
            case "cold":
                return whole.cold_start(folder, settings["runs"])
            case "killed":
                return whole.killed(folder, settings["instances"])
            case _:
                return self._own(settings, folder, watch_memory=job.watch_memory)

    def _own(self, settings: Mapping[str, Any], folder: Path, *, watch_memory: bool = False) -> Figures:
        given = json.dumps({**settings, "folder": str(folder)})
        command = [str(self._node), *HOST_FLAGS, str(HERE / "stepwell.js"), given]
        with Program(command, folder, env=host_environment()) as program:
            return program.figures(watch_memory=watch_memory)

    def _floors(self, folder: Path) -> Figures:
        return {
            **self._own({"workload": "floors"}, folder),
            "processes_ms": whole.empty_processes(folder, str(self._node)),
        }

    def _keep(self) -> None:
        if self._given.json:
            self.results.write(self._given.json)

    def _tell(self, text: str) -> None:
        print(text, file=sys.stderr, flush=True)


def _pyodide_version() -> str:
    version: str = json.loads((HERE.parent / "package.json").read_text())["dependencies"]["pyodide"]
    return version


def main() -> None:
    """Measure, or read; then show."""
    given = options()
    results = Results.read(given.source) if given.source else Run(given).measure()
    planned = jobs(given.sleepers)
    if given.chart:
        given.chart.parent.mkdir(parents=True, exist_ok=True)
        given.chart.write_text(chart(results, planned))
    if given.table:
        write_table(given.table, results, planned)
    print(report(results, planned))


if __name__ == "__main__":
    main()
