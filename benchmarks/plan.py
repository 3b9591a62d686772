"""What is measured, what each figure stands beside, and what it has to reach."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PEERS = {
    "cloudflare": ("Cloudflare local", "miniflare 5.20261117.0-beta", "a SQLite file per instance, WAL, fsync"),
    "openworkflow": ("openworkflow", "0.10.1", "one SQLite file, WAL, synchronous=FULL"),
    "dbos": ("DBOS", "Python 3.4.0", "one SQLite file, rollback journal, synchronous=FULL"),
    "restate": ("Restate", "1.7.12, TypeScript SDK 1.17.2", "RocksDB, its log with fdatasync"),
}
"""Of each peer its name, its version, and what it does for durability unless told otherwise."""


@dataclass(frozen=True, slots=True)
class Floor:
    """What a figure cannot get below, from parts that were measured in the same run."""

    words: str
    of: Callable[[Mapping[str, float]], float]


@dataclass(frozen=True, slots=True)
class Bar:
    """
    What a figure has to reach.

    Attributes:
        limit: The figure itself: at least, where more is better, otherwise at most.
        floors: At least so many times the floor.
        peers: So many times better than these.
    """

    limit: float | None = None
    floors: float | None = None
    peers: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Metric:
    """One figure of a job, under the name that its program gives it."""

    name: str
    title: str
    unit: str
    floor: Floor | None = None
    bar: Bar = Bar()
    more_is_better: bool = False

    @property
    def has_bar(self) -> bool:
        """Whether it has to reach anything."""
        return self.bar != Bar()


@dataclass(frozen=True, slots=True)
class Job:
    """
    One workload with its settings: one process, one set of figures.

    Attributes:
        key: How `--only` and the results call it.
        settings: For the program, `workload` among them.
        peer: The same for a peer, or None where none has it.
        once: Not in every repetition, because it takes long.
        watch_memory: Look at the memory of the whole process group meanwhile.
    """

    key: str
    title: str
    settings: Mapping[str, Any]
    metrics: tuple[Metric, ...]
    peer: Mapping[str, Any] | None = None
    once: bool = False
    watch_memory: bool = False


# Words that need more: benchmarks/README.md says what they mean.
COMMITS = Floor("commits/s", lambda floors: floors["commits_per_s"])
PROCESSES = Floor("empty processes", lambda floors: floors["processes_ms"])
STEP = Floor(
    "commit + calls",
    lambda floors: floors["commit_ms"] + floors["thread_ms"] + floors["call_ms"],
)


def commits(count: int) -> Floor:
    """So many transactions of one row."""
    return Floor(f"{count:,} commits", lambda floors: count * floors["commit_ms"])


def calls(count: int) -> Floor:
    """So many calls out of Python and back."""
    return Floor(f"{count:,} calls", lambda floors: count * floors["call_ms"])


def a(concurrency: int, instances: int, bars: Mapping[str, Bar], peer_instances: int | None) -> Job:
    """Sequential steps."""
    return Job(
        key=f"A{concurrency}",
        title=f"10 steps one after the other, {concurrency} workflow{'s' if concurrency > 1 else ''} at a time",
        settings={"workload": "sequential", "instances": instances, "concurrency": concurrency},
        peer=peer_instances and {"workload": "sequential", "instances": peer_instances, "concurrency": concurrency},  # type: ignore[arg-type]
        metrics=(
            Metric("steps_per_s", "steps", "/s", COMMITS, bars.get("steps_per_s", Bar()), more_is_better=True),
            Metric("step_p50_ms", "one step, p50", "ms", STEP, bars.get("step_p50_ms", Bar())),
            Metric("step_p99_ms", "one step, p99", "ms", STEP),
            Metric("p50_ms", "whole workflow, p50", "ms", commits(10)),
            Metric("p99_ms", "whole workflow, p99", "ms", commits(10)),
        ),
    )


def b(steps: int, bar: Bar) -> Job:
    """Fan-out."""
    settings = {"workload": "fanOut", "instances": 5, "steps": steps}
    metric = Metric("ms", "from created to done", "ms", commits(steps), bar)
    return Job(f"B{steps}", f"{steps:,} steps at once in one workflow", settings, (metric,), settings)


def c(steps: int, *bars: Metric, peer: bool) -> Job:
    """A long history."""
    settings = {"workload": "long", "steps": steps}
    metrics = (Metric("step_ms", "one step", "ms", STEP), *bars, Metric("resume_ms", "resume at the end", "ms"))
    if steps == 10_000:
        metrics = (*metrics[:-1], Metric("resume_ms", "resume at the end", "ms", calls(steps), Bar(limit=600)))
    return Job(
        f"C{steps}",
        f"{steps:,} steps one after the other in one workflow",
        settings,
        metrics,
        settings if peer else None,
    )


def jobs(sleepers: int) -> list[Job]:
    """All of them, in order; *sleepers* is how many sleep at once."""
    return [
        a(
            1,
            100,
            {"step_p50_ms": Bar(limit=0.5), "steps_per_s": Bar(peers={"cloudflare": 5, "dbos": 4, "restate": 2.5})},
            50,
        ),
        a(20, 1000, {"steps_per_s": Bar(peers={"cloudflare": 20, "restate": 5, "openworkflow": 5})}, 200),
        a(100, 2000, {"steps_per_s": Bar(limit=15_000, floors=1.6)}, None),
        b(100, Bar()),
        b(1000, Bar(limit=100)),
        c(100, peer=True),
        c(1000, peer=True),
        c(
            10_000,
            Metric("first_step_ms", "one of the first 1,000", "ms", STEP),
            Metric("last_step_ms", "one of the last 1,000", "ms", STEP),
            Metric("growth", "last to first", "x", bar=Bar(limit=1.2)),
            peer=False,
        ),
        Job(
            "D",
            "cold start: a workflow of 3 steps as a whole process",
            {"workload": "cold", "runs": 5},
            (
                Metric("ms", "later runs", "ms", PROCESSES, Bar(limit=800)),
                Metric("first_ms", "the first run", "ms", PROCESSES),
                Metric("start_ms", "of a later run: until the instance is there", "ms", PROCESSES),
                Metric("steps_ms", "of a later run: the steps", "ms", commits(3)),
                Metric("leave_ms", "of a later run: print and leave", "ms"),
            ),
            {"workload": "first"},
        ),
        Job(
            "D-isolate",
            "warm start",
            {"workload": "isolates"},
            (
                Metric(
                    "isolate_ms",
                    "a new isolate",
                    "ms",
                    Floor("bare Pyodide", lambda floors: floors["load_ms"]),
                    Bar(250),
                ),
                Metric("warm_ms", "created to done, 1 step, in a warm isolate", "ms", STEP, Bar(5)),
            ),
        ),
        Job(
            "E1000",
            "1,000 workflows that sleep 2 s, then 1 step",
            {"workload": "sleepers", "instances": 1000},
            (
                Metric("late_ms", "all done, 2 s after the first was created", "ms", commits(1000), Bar(400)),
                Metric("create_ms", "create them", "ms", commits(1000)),
                Metric(
                    "peak_mb",
                    "memory of all processes, at most",
                    "MB",
                    Floor("bare Pyodide", lambda floors: floors["pss_mb"]),
                ),
            ),
            {"workload": "sleepers", "instances": 1000},
            watch_memory=True,
        ),
        Job(
            f"E{sleepers}",
            f"{sleepers:,} workflows asleep",
            {"workload": "manySleepers", "instances": sleepers},
            (
                Metric("create_per_s", "create", "/s", COMMITS, Bar(5000), more_is_better=True),
                Metric("asleep_per_s", "create and put to sleep", "/s", COMMITS, more_is_better=True),
                Metric(
                    "pss_mb",
                    "memory while asleep (PSS)",
                    "MB",
                    Floor("bare Pyodide", lambda floors: floors["pss_mb"]),
                    Bar(250),
                ),
                Metric(
                    "rss_mb", "memory while asleep (RSS)", "MB", Floor("bare Pyodide", lambda floors: floors["rss_mb"])
                ),
                Metric(
                    "wake_ms",
                    f"wake {sleepers // 10:,} that fall due at once",
                    "ms",
                    commits(sleepers // 10),
                    Bar(5000),
                ),
            ),
            once=True,
        ),
        Job(
            "F",
            "100 steps with results of 100 KB",
            {"workload": "large", "steps": 100},
            (
                Metric(
                    "ms",
                    "from created to done",
                    "ms",
                    Floor("100 commits of 100 KB", lambda floors: 100 * floors["large_commit_ms"]),
                ),
            ),
            {"workload": "large", "steps": 100},
        ),
        Job(
            "G",
            "200 workflows of 10 steps killed half-way",
            {"workload": "killed", "instances": 200},
            (
                Metric("ms", "from the restart to all done", "ms", PROCESSES, Bar(1000)),
                Metric("lost", "workflows lost", "", bar=Bar(0)),
                Metric("finished_again", "finished steps that ran again", "", bar=Bar(0)),
                Metric("again", "steps that ran twice, finished or not", ""),
            ),
            {"workload": "killed", "instances": 200},
        ),
        Job(
            "H",
            "steps that compute for 50 ms",
            {"workload": "compute"},
            (
                Metric(
                    "speedup",
                    "two isolates to one",
                    "x",
                    Floor("two bare threads to one", lambda floors: floors["threads_speedup"]),
                    Bar(1.8),
                    more_is_better=True,
                ),
                Metric("p50_ms", "meanwhile, a workflow of 1 step, p50", "ms", STEP),
                Metric("p99_ms", "meanwhile, a workflow of 1 step, p99", "ms", STEP, Bar(10)),
            ),
        ),
        Job(
            "I",
            "1,000 workflows that wait, one event each",
            {"workload": "events", "instances": 1000},
            (
                Metric("p50_ms", "from sent to done, one at a time, p50", "ms", STEP),
                Metric("p99_ms", "from sent to done, one at a time, p99", "ms", STEP),
                Metric("all_ms", "all at once", "ms", commits(1000)),
            ),
        ),
    ]
