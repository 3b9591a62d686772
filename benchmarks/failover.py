"""
How soon instances run again after an engine or the database has failed: `python benchmarks/failover.py`.

It starts a PostgreSQL of its own, as `tests/postgres` does, and engines that share a state there. Nothing is judged by
the figures; what is printed beside the goals holds for a machine with nothing else to do.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import statistics
import sys
import tempfile
import textwrap
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "tests" / folder) for folder in ("postgres", "shared_soak", "cli")]

from cluster import running_cluster  # noqa: E402
from members import Member, all_answer  # noqa: E402
from places import until  # noqa: E402

INSTANCES = 20
LEASE_MS = {"kill": 10_000, "freeze": 3000, "restart": 10_000}
"""The default, and a short one where its end is waited for."""
FLOW = """
    import { appendFileSync } from "node:fs";
    import { setTimeout as rest } from "node:timers/promises";
    import { WorkflowEntrypoint } from "cloudflare:workers";

    export class Flow extends WorkflowEntrypoint {
      async run(event, step) {
        for (let n = 0; n < 10_000; n++)
          await step.do(`step ${n}`, { retries: { limit: 100, delay: 0 } }, async () => {
            appendFileSync("ran", `${Date.now()} ${process.pid} ${event.instanceId} ${n}\\n`);
            await rest(50);
          });
      }
    }
"""
"""Instances that never rest: each begins a step all the time."""


def begun(folder):
    """The steps that have begun: when, in which process, and of which instance."""
    lines = (folder / "ran").read_text().splitlines()
    return [(float(at) / 1000, int(process), name) for at, process, name, _ in map(str.split, lines)]


class Bench:
    """Two engines that share a state, and run instances."""

    def __init__(self, folder, cluster, schema, lease_ms):
        self.folder = folder / schema
        self.folder.mkdir()
        self.cluster = cluster
        self.schema = schema
        (self.folder / "flow.mjs").write_text(textwrap.dedent(FLOW))
        names = ("one", "two")
        self.members = [Member(self.folder, name, cluster, schema=schema, lease_ms=lease_ms) for name in names]
        all_answer(self.members, until)
        held = (
            f"SELECT string_agg(n::text, ' ') FROM (SELECT count(*) AS n FROM {schema}.parts GROUP BY holder) AS each"
        )
        until(lambda: cluster.query(held) == "32 32", "the engines do not share the state equally")
        for number in range(INSTANCES):
            self.members[0].call("POST", "/Flow/instances", {"instance_id": f"i{number}", "params": {}})
        until(lambda: len({name for _, _, name in self.recent()}) == INSTANCES, "the instances do not run")

    def recent(self):
        """Of the last second."""
        now = time.time()
        return [line for line in begun(self.folder) if line[0] > now - 1] if (self.folder / "ran").exists() else []

    def run_again(self, names, since):
        """When the last one of *names* has begun a step again, in another process than *since* says."""
        moment, before = since
        firsts = {}

        def all_run():
            for at, process, name in begun(self.folder):
                if name in names and at > moment and process != before:
                    firsts.setdefault(name, at)
            return len(firsts) == len(names)

        until(all_run, "they do not run again")
        return max(firsts.values()) - moment

    def fail(self, number):
        """Send a signal to the first engine's host. How long it takes until all of its instances run elsewhere."""
        host = self.members[0].host()
        names = {name for _, process, name in self.recent() if process == host}
        assert names
        moment = time.time()
        os.kill(host, number)
        return host, self.run_again(names, (moment, host))

    def charged(self):
        """How many attempts are repetitions."""
        return int(self.cluster.query(f"SELECT count(*) FROM {self.schema}.log WHERE attempt > 1"))

    def engines(self):
        """Those that live."""
        return self.cluster.query(f"SELECT array_agg(id ORDER BY id) FROM {self.schema}.engines WHERE NOT dead")

    def close(self):
        """End the engines."""
        for member in self.members:
            member.stop()


def kill(bench):
    """Kill an engine."""
    return bench.fail(signal.SIGKILL)[1]


def freeze(bench):
    """Freeze an engine until it has been taken over."""
    host, taken = bench.fail(signal.SIGSTOP)
    began = len(begun(bench.folder))
    os.kill(host, signal.SIGCONT)
    until(lambda: "What was not in the database yet runs again." in bench.members[0].said, "the zombie is not refused")
    late = [line for line in begun(bench.folder)[began:] if line[1] == host]
    print(f"  the zombie began {len(late)} attempts before it was refused; none has a result")
    return taken


def restart(bench):
    """Stop the database as if it had crashed, and start it. The time is from when it accepts connections."""
    before = bench.engines()
    charged = bench.charged()
    bench.cluster.stop("immediate")
    bench.cluster.start()
    moment = time.time()
    again = bench.run_again({f"i{number}" for number in range(INSTANCES)}, (moment, None))
    assert bench.engines() == before, "an engine was taken over"
    assert bench.charged() == charged, "an attempt was charged"
    return again


FAULTS = {
    "kill": ("kill -9 of an engine: all of its instances run elsewhere", kill, 1.0),
    "freeze": ("an engine freezes: the same, with a lease of 3 s", freeze, LEASE_MS["freeze"] / 1000 + 1),
    "restart": ("the database restarts: all instances run, no attempt charged, no takeover", restart, 1.0),
}


def main():
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=7)
    parser.add_argument("--fault", choices=FAULTS, action="append", help="default: all of them")
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="stepwell-failover-"))
    try:
        with running_cluster() as cluster:
            for name in given.fault or FAULTS:
                what, fault, goal = FAULTS[name]
                print(what)
                took = []
                for turn in range(given.repetitions):
                    bench = Bench(folder, cluster, f"bench_{name}_{turn}", LEASE_MS[name])
                    try:
                        took.append(fault(bench))
                    finally:
                        bench.close()
                shown = " ".join(f"{each:.2f}" for each in sorted(took))
                print(f"  median {statistics.median(took):.2f} s of {shown}; goal {goal:g} s", flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
