"""What came out: kept as JSON, shown as a table for people."""

from __future__ import annotations

import json
import os
import platform
import statistics
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from plan import PEERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from plan import Job, Metric
    from processes import Figures

STEPWELL = "stepwell"
SMALL = 10


@dataclass(slots=True)
class Results:
    """The figures of all repetitions: by job, engine and metric. The floors are the figures of a job of their own."""

    machine: dict[str, str]
    floors: dict[str, list[float]] = field(default_factory=dict)
    figures: dict[str, dict[str, dict[str, list[float]]]] = field(default_factory=dict)
    errors: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def empty(cls, **versions: str) -> Self:
        """None yet, of this machine."""
        machine = {
            "date": time.strftime("%Y-%m-%d"),
            "system": _system(),
            "processor": _processor(),
            "cores": str(os.cpu_count()),
        }
        return cls({**machine, **versions})

    @classmethod
    def read(cls, path: Path) -> Self:
        """Those that `write` has written."""
        return cls(**json.loads(path.read_text()))

    def write(self, path: Path) -> None:
        """Keep them as JSON."""
        data = {"machine": self.machine, "floors": self.floors, "figures": self.figures, "errors": self.errors}
        path.write_text(json.dumps(data, indent=1) + "\n")

    def add(self, job: str, engine: str, figures: Figures) -> None:
        """The figures of one repetition."""
        kept = self.figures.setdefault(job, {}).setdefault(engine, {})
        for name, value in figures.items():
            kept.setdefault(name, []).append(value)

    def add_floors(self, figures: Figures) -> None:
        """The floors of one repetition."""
        for name, value in figures.items():
            self.floors.setdefault(name, []).append(value)

    def add_error(self, job: str, engine: str, message: str) -> None:
        """A repetition that came to nothing."""
        self.errors.setdefault(f"{job} {engine}", []).append(message)

    def values(self, job: str, engine: str, metric: str) -> list[float]:
        """The figures of all repetitions, in order of size."""
        return sorted(self.figures.get(job, {}).get(engine, {}).get(metric, ()))

    def median(self, job: str, engine: str, metric: str) -> float | None:
        """The median of all repetitions."""
        values = self.values(job, engine, metric)
        return statistics.median(values) if values else None

    def floor(self, metric: Metric) -> float | None:
        """The floor of a figure."""
        if metric.floor is None or not self.floors:
            return None
        return metric.floor.of({name: statistics.median(values) for name, values in self.floors.items()})

    def engines(self) -> list[str]:
        """The peers that have been measured."""
        return [peer for peer in PEERS if any(peer in engines for engines in self.figures.values())]


def _system() -> str:
    """Name and version; what a build of it calls itself tells nobody anything."""
    return f"{platform.system()} {'.'.join(platform.release().split('.')[:2])}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def number(value: float | None) -> str:
    """A figure for people."""
    if value is None:
        return ""
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= SMALL else f"{value:.2f}"


def report(results: Results, jobs: list[Job]) -> str:
    """The table, in Markdown."""
    lines = [", ".join(f"{name} {value}" for name, value in results.machine.items()), ""]
    lines += [
        f"* {name} {version}: {durability}"
        for peer, (name, version, durability) in PEERS.items()
        if peer in results.engines()
    ]
    lines += ["", "| floor | min | median | max |", "| --- | ---: | ---: | ---: |"]
    for name, values in results.floors.items():
        lines.append(
            f"| {name} | {number(min(values))} | {number(statistics.median(values))} | {number(max(values))} |"
        )
    peers = results.engines()
    for job in jobs:
        if job.key in results.figures:
            lines += ["", f"**{job.key}** {job.title}", "", *_table(results, job, peers if job.peer else [])]
    if results.errors:
        lines += ["", "What came to nothing:", ""]
        lines += [f"* {key}: {message}" for key, messages in results.errors.items() for message in messages]
    return "\n".join(lines)


def _table(results: Results, job: Job, peers: list[str]) -> Iterator[str]:
    head = ["", "min", "Stepwell", "max", "floor", "ratio", *(PEERS[peer][0] for peer in peers), "to reach", ""]
    yield f"| {' | '.join(head)} |"
    yield f"| --- |{' ---: |' * (len(head) - 3)} --- | --- |"
    for metric in job.metrics:
        values = results.values(job.key, STEPWELL, metric.name)
        median = results.median(job.key, STEPWELL, metric.name)
        if median is None:
            continue
        floor = results.floor(metric)
        cells = [
            f"{metric.title}{f', {metric.unit}' if metric.unit else ''}",
            *(number(value) for value in (values[0], median, values[-1])),
            f"{number(floor)} ({metric.floor.words})" if metric.floor else "",
            f"{number(median / floor)}" if floor else "",
            *(number(results.median(job.key, peer, metric.name)) for peer in peers),
            *(" and ".join(cell) for cell in zip(*bars(results, job, metric, median), strict=True)),
        ]
        cells += [""] * (len(head) - len(cells))
        yield f"| {' | '.join(cells)} |"


def bars(results: Results, job: Job, metric: Metric, median: float) -> Iterator[tuple[str, str]]:
    """Each thing that the figure has to reach, and whether it does."""

    def met(reached: bool) -> str:  # noqa: FBT001 - the question itself
        return "yes" if reached else "**no**"

    bar, sign = metric.bar, "≥" if metric.more_is_better else "≤"
    if bar.limit is not None:
        reached = median >= bar.limit if metric.more_is_better else median <= bar.limit
        yield f"{sign} {bar.limit:,g}", met(reached)
    floor = results.floor(metric)
    if bar.floors is not None and floor:
        yield f"≥ {bar.floors:g} x the floor", met(median >= bar.floors * floor)
    for peer, times in bar.peers.items():
        theirs = results.median(job.key, peer, metric.name)
        if theirs is not None:
            ratio = median / theirs if metric.more_is_better else theirs / median
            yield f"≥ {times:g} x {PEERS[peer][0]}", f"{met(ratio >= times)} ({number(ratio)})"


def summary(results: Results, jobs: list[Job]) -> dict[str, Any]:
    """Medians, as the chart wants them: by job and metric, those of every engine and the floor."""
    engines = [STEPWELL, *results.engines()]
    return {
        f"{job.key}.{metric.name}": {
            **{engine: results.median(job.key, engine, metric.name) for engine in engines},
            "floor": results.floor(metric),
        }
        for job in jobs
        for metric in job.metrics
    }
