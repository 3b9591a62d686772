"""The table of docs/performance.md, from what was measured: it stands between two markers, and no hand writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from plan import PEERS
from results import STEPWELL, bars, number

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from plan import Job, Metric
    from results import Results

BEGIN = "<!-- results: written by `nox -s bench`, see benchmarks/README.md -->"
END = "<!-- end of results -->"


class MarkerError(ValueError):
    """A file has no place for the table."""


def write_table(path: Path, results: Results, jobs: list[Job]) -> None:
    """Put the table into the file at *path*, in place of the one that is there."""
    path.write_text(with_table(path.read_text(), table(results, jobs), str(path)))


def with_table(text: str, table: str, name: str, first: str = BEGIN, last: str = END) -> str:
    """*text* of the document called *name* with *table* between its markers *first* and *last*."""
    before, begin, rest = text.partition(first)
    _, end, after = rest.partition(last)
    if not begin or not end:
        raise MarkerError(f"{name} has no place for the table: the lines {first!r} and {last!r}, in this order.")
    return f"{before}{begin}\n\n{table}\n\n{end}{after}"


def table(results: Results, jobs: list[Job]) -> str:
    """What has a bar, or has been measured with others, too; in Markdown."""
    peers = results.engines()
    repetitions = max((len(values) for values in results.floors.values()), default=0)
    head = ["what", "Stepwell", "floor", "times the floor", *(PEERS[peer][0] for peer in peers), "bar", "met"]
    lines = [
        f"{repetitions} repetition{'' if repetitions == 1 else 's'}, medians. "
        + ", ".join(f"{name} {value}" for name, value in results.machine.items())
        + ". Behind a peer's figure: how many times better Stepwell is.",
        "",
        "| engine | version | durability, all as they come |",
        "| --- | --- | --- |",
        "| Stepwell | this one | one SQLite file, WAL, synchronous=FULL |",
        *(f"| {PEERS[peer][0]} | {PEERS[peer][1]} | {PEERS[peer][2]} |" for peer in peers),
        "",
        f"| {' | '.join(head)} |",
        f"| --- |{' ---: |' * (len(head) - 3)} --- | --- |",
        *(line for job in jobs for line in _lines(results, job, peers)),
        *_errors(results),
    ]
    return "\n".join(lines)


def _lines(results: Results, job: Job, peers: list[str]) -> Iterator[str]:
    what = f"**{job.key}** {job.title}: "
    for metric in job.metrics:
        if _is_shown(results, job, metric, peers):
            cells = [f"{what}{metric.title}{f', {metric.unit}' if metric.unit else ''}"]
            yield f"| {' | '.join([*cells, *_figures(results, job, metric, peers)])} |"
            what = ""


def _is_shown(results: Results, job: Job, metric: Metric, peers: list[str]) -> bool:
    return metric.has_bar or any(results.values(job.key, peer, metric.name) for peer in peers)


def _figures(results: Results, job: Job, metric: Metric, peers: list[str]) -> Iterator[str]:
    median = results.median(job.key, STEPWELL, metric.name)
    floor = results.floor(metric)
    yield number(median)
    yield f"{number(floor)} ({metric.floor.words})" if metric.floor and floor else ""
    yield number(median / floor) if median is not None and floor else ""
    for peer in peers:
        theirs = results.median(job.key, peer, metric.name)
        yield _beside(median, theirs, more_is_better=metric.more_is_better)
    if median is None:
        yield from ("", "**no**: not measured")
        return
    reached = list(bars(results, job, metric, median))
    yield " and ".join(bar for bar, _ in reached)
    yield " and ".join(met for _, met in reached)


def _beside(own: float | None, theirs: float | None, *, more_is_better: bool) -> str:
    if theirs is None:
        return ""
    if own is None or not own or not theirs:
        return number(theirs)
    return f"{number(theirs)} ({number(own / theirs if more_is_better else theirs / own)} x)"


def _errors(results: Results) -> Iterator[str]:
    if results.errors:
        yield ""
        yield "What came to nothing:"
        yield ""
        for key, messages in results.errors.items():
            for message in messages:
                yield f"* {key}: {' '.join(message.split())}"
