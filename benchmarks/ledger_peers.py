"""
A state in PostgreSQL beside DBOS and absurd on the same server: `python benchmarks/ledger_peers.py`.

Workflows of ten trivial steps, some at a time, on a PostgreSQL that the program starts as `tests/postgres` does, with
its default durability. Each engine runs in a process and on a database of its own, in turns; it is warm when it is
measured.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).parents[1]
HERE = ROOT / "benchmarks"
sys.path[:0] = [str(ROOT / "tests/postgres"), str(ROOT / "tests/cli")]

from cluster import USER, Cluster, running_cluster  # noqa: E402

from stepwell.node import HOST_FLAGS, find_node  # noqa: E402

FOLDER = ROOT / "build/bench/postgres-peers"
PEERS = {"DBOS": "dbos_program.py", "absurd": "absurd_program.py"}
INSTANCES = {1: 20, 20: 200}
"""Enough for some seconds of the slower ones, by concurrency. Stepwell runs more by itself."""
BARS = {1: {"DBOS": 2.5, "absurd": 0.88}, 20: {"DBOS": 10, "absurd": 5}}
"""How many times a peer's throughput is to be reached, by concurrency."""
PATIENCE_S = 600


def peers_python() -> Path:
    """A Python that has the peers, installed at the first use."""
    python = FOLDER / "bin/python"
    wanted = HERE / "peers/requirements-postgres.txt"
    installed = FOLDER / "installed"
    if not installed.exists() or installed.read_text() != wanted.read_text():
        venv.create(FOLDER, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "-r", wanted], check=True, stdout=sys.stderr)
        installed.write_text(wanted.read_text())
    return python


def figure(command: list[str]) -> float:
    """Steps in a second, of the last line that a program prints."""
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=PATIENCE_S, check=True, cwd=ROOT)
    steps: float = json.loads(done.stdout.splitlines()[-1])["steps_per_s"]
    return steps


def measure(engine: str, concurrency: int, cluster: Cluster, name: str) -> float:
    """One engine on a new database."""
    cluster.query(f"CREATE DATABASE {name}")
    address = f"postgresql://{USER}@127.0.0.1:{cluster.port}/{name}"
    try:
        if engine == "Stepwell":
            options = [
                "--database",
                address,
                "--concurrency",
                str(concurrency),
                "--repetitions",
                "1",
                "--only",
                "ledger",
            ]
            return figure([str(find_node().path), *HOST_FLAGS, str(HERE / "ledger.js"), *options])
        settings = {
            "workload": "sequential",
            "instances": INSTANCES.get(concurrency, 10 * concurrency),
            "concurrency": concurrency,
            "database": address,
        }
        return figure([str(peers_python()), str(HERE / "peers" / PEERS[engine]), json.dumps(settings)])
    finally:
        cluster.query(f"DROP DATABASE {name} WITH (FORCE)")


def main() -> None:
    """Measure in turns, and print medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=7)
    parser.add_argument("--concurrency", default="1,20")
    options = parser.parse_args()
    engines = ["Stepwell", *PEERS]
    peers_python()
    with running_cluster() as cluster:
        for concurrency in map(int, options.concurrency.split(",")):
            figures: dict[str, list[float]] = {engine: [] for engine in engines}
            for turn in range(options.repetitions):
                for engine in engines if turn % 2 == 0 else reversed(engines):
                    figures[engine].append(measure(engine, concurrency, cluster, f"bench_{concurrency}_{turn}"))
            ours = statistics.median(figures["Stepwell"])
            for engine, found in figures.items():
                median = statistics.median(found)
                bar = BARS.get(concurrency, {}).get(engine)
                ratio = "" if engine == "Stepwell" else f"; Stepwell is {ours / median:.2f} times as fast"
                print(
                    f"{concurrency} at a time: {engine} {median:,.0f} [{min(found):,.0f} to {max(found):,.0f}] steps/s"
                    f"{ratio}{'' if bar is None else f', to reach: {bar}'}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
