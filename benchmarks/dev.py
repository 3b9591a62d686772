"""
`stepwell dev` in figures.

Its start beside that of `stepwell run`, a saved change until it is served beside one until it is noticed and read, the
memory of many reloads, and instances over a reload.

    python benchmarks/dev.py [--starts 5] [--edits 50] [--reloads 1000] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from watchfiles import watch

from stepwell.source_watcher import STEP_MS, TIMEOUT_MS

if TYPE_CHECKING:
    from collections.abc import Mapping

PAUSE_S = 0.4
"""Between two edits: the second of two that are closer waits for the first."""
PATIENCE_S = 120
SLEEPING = 100
RUNNING = 20
RELOADS_BEFORE = 20
"""Reloads that come before the first figure of memory: caches have been filled then."""
RESTS = 10
"""How often memory is looked at, at rest: one look differs from the next by some 40 MiB, without any growth."""
COMPARED = 3
"""The first and the last so many looks are compared, by their medians."""
REST_S = 5
"""At rest, threads neither begin nor end for so long. Each second replaced interpreters are looked for."""

CONFIG = {
    "name": "bench",
    "main": "entry.py",
    "compatibility_date": "2026-09-08",
    "workflows": [{"binding": "FLOW", "name": "flow", "class_name": "Flow"}],
}
SOURCE = """\
import asyncio

from workers import Response, WorkerEntrypoint, WorkflowEntrypoint


class Flow(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("first")
        async def first():
            await asyncio.sleep(event["payload"].get("work", 0))
            return 1

        await first()
        if "sleep" in event["payload"]:
            await step.sleep("nap", event["payload"]["sleep"])

        @step.do("last")
        async def last():
            return "VERSION"

        return await last()


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        return Response("VERSION")
"""


class Usage(NamedTuple):
    """What processes use."""

    pids: frozenset[int]
    threads: int
    memory_mib: float


class Server:
    """A development server in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.log = folder / "log.txt"
        began = time.perf_counter()
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "stepwell", "dev", "--port", "0"],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        wait(lambda: "Ready on" in self.log.read_text(), self.log)
        self.ready_s = time.perf_counter() - began
        self.url = re.search(r"Ready on (\S+)", self.log.read_text())[1]

    def get(self) -> str:
        """What the handler answers."""
        with urllib.request.urlopen(self.url, timeout=PATIENCE_S) as response:
            return response.read().decode()

    def usage(self) -> Usage:
        """What the command and all that it has started use."""
        pids = descendants(self.process.pid)
        threads = [len(list(Path(f"/proc/{pid}/task").iterdir())) for pid in pids]
        return Usage(frozenset(pids), sum(threads), sum(map(resident_mib, pids)))

    def usage_at_rest(self) -> Usage:
        """The same, once what reloads have replaced has ended."""
        deadline = time.monotonic() + PATIENCE_S
        last, since = self.usage(), time.monotonic()
        while time.monotonic() - since < REST_S:
            if time.monotonic() > deadline:
                sys.exit(f"It does not come to rest: {last.threads} threads.")
            time.sleep(0.2)
            now = self.usage()
            if now.threads != last.threads:
                since = time.monotonic()
            last = now
        return last

    def stop(self) -> None:
        """End it, and wait."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE_S)


def wait(happened, log: Path) -> None:
    """Wait until *happened* says so."""
    deadline = time.monotonic() + PATIENCE_S
    while not happened():
        if time.monotonic() > deadline:
            sys.exit(f"It did not happen:\n{log.read_text()[-2000:]}")
        time.sleep(0.002)


def descendants(pid: int) -> list[int]:
    """*pid* and all that it has started."""
    found = [pid]
    for each in found:
        for task in Path(f"/proc/{each}/task").glob("*/children"):
            found.extend(int(child) for child in task.read_text().split())
    return found


def resident_mib(pid: int) -> float:
    """Resident memory of a process."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def write(folder: Path, version: str) -> None:
    """Save the code in another version."""
    (folder / "entry.py").write_text(SOURCE.replace("VERSION", version))


def measure_starts(folder: Path, count: int) -> dict[str, float]:
    """Both commands, in turns."""
    first_outputs, runs, devs = [], [], []
    for _ in range(count):
        first_output, end = measure_run(folder)
        first_outputs.append(first_output)
        runs.append(end)
        server = Server(folder)
        devs.append(server.ready_s)
        server.stop()
    return {
        "run_first_output_s": statistics.median(first_outputs),
        "run_s": statistics.median(runs),
        "dev_ready_s": statistics.median(devs),
    }


def measure_run(folder: Path) -> tuple[float, float]:
    """When `stepwell run` prints for the first time, and when it ends."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "stepwell", "run", "."]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        assert process.stdout
        process.stdout.read(1)
        first_output = time.perf_counter() - began
        process.stdout.read()
    return first_output, time.perf_counter() - began


def measure_edits(server: Server, folder: Path, count: int) -> dict[str, float]:
    """From a save until the new answer; and in turns from a save of another file until a watcher has read it."""
    served, noticed = [], []
    with tempfile.TemporaryDirectory(prefix="stepwell-floor-") as name:
        watcher = FileWatcher(Path(name, "entry.py"))
        for number in range(count):
            time.sleep(PAUSE_S)
            noticed.append(watcher.measure(SOURCE.replace("VERSION", f"v{number}")))
            began = time.perf_counter()
            write(folder, f"v{number}")
            wait(lambda wanted=f"v{number}": server.get() == wanted, server.log)
            served.append((time.perf_counter() - began) * 1000)
        watcher.stop()
    return {
        "edit_p50_ms": statistics.median(served),
        "edit_p95_ms": percentile_95(served),
        "noticed_p50_ms": statistics.median(noticed),
        "noticed_p95_ms": percentile_95(noticed),
    }


def percentile_95(times: list[float]) -> float:
    """The time that 95 of 100 are below."""
    return sorted(times)[int(len(times) * 0.95) - 1]


class FileWatcher:
    """Watches a file as `dev` does, and reads it when it has changed: the floor for a reload."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = threading.Event()
        self._text = ""
        self._stop = threading.Event()
        path.touch()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        # The watcher has started when it notices the first change.
        while not self._read.wait(0.1):
            path.write_text("first")

    def _watch(self) -> None:
        for _ in watch(
            self._path.parent,
            recursive=False,
            step=STEP_MS,
            debounce=TIMEOUT_MS,
            rust_timeout=TIMEOUT_MS,
            stop_event=self._stop,
        ):
            self._text = self._path.read_text()
            self._read.set()

    def measure(self, text: str) -> float:
        """Save *text*; milliseconds until it is read."""
        began = time.perf_counter()
        self._path.write_text(text)
        while self._text != text:
            self._read.clear()
            self._read.wait(0.001)
        return (time.perf_counter() - began) * 1000

    def stop(self) -> None:
        """End the thread."""
        self._stop.set()
        self._thread.join()


def measure_memory(server: Server, folder: Path, count: int) -> dict[str, float]:
    """How much memory grows over many reloads, from rest to rest."""
    for number in range(RELOADS_BEFORE):
        reload(server, folder, f"w{number}")
    looks = [server.usage_at_rest()]
    print(f"at rest: {looks[0].memory_mib:,.0f} MiB, {looks[0].threads} threads", flush=True)
    began = time.monotonic()
    for look in range(RESTS):
        for number in range(count * look // RESTS, count * (look + 1) // RESTS):
            reload(server, folder, f"m{number}")
        looks.append(server.usage_at_rest())
        print(
            f"{count * (look + 1) // RESTS:,} reloads in {time.monotonic() - began:,.0f} s: "
            f"{looks[-1].memory_mib:,.0f} MiB, {looks[-1].threads} threads",
            flush=True,
        )
    if looks[-1].pids != looks[0].pids:
        sys.exit(f"Other processes than before: {sorted(looks[0].pids)}, now {sorted(looks[-1].pids)}.")
    before, after = (
        statistics.median(look.memory_mib for look in part) for part in (looks[:COMPARED], looks[-COMPARED:])
    )
    return {
        "reloads": count,
        "memory_before_mib": before,
        "memory_at_rest_mib": after,
        "memory_growth_mib": after - before,
        "threads_before": looks[0].threads,
        "threads_at_rest": looks[-1].threads,
    }


def reload(server: Server, folder: Path, version: str) -> None:
    """Save a version, and wait until it is served."""
    write(folder, version)
    wait(lambda: server.get() == version, server.log)


def measure_instances(server: Server, folder: Path) -> dict[str, int]:
    """Sleeping and running instances over a reload."""
    payloads = [{"sleep": "20 seconds"}] * SLEEPING + [{"work": 3}] * RUNNING
    batch = [{"instance_id": f"i{number}", "params": payload} for number, payload in enumerate(payloads)]
    api = f"{server.url}/client/v4/accounts/a/workflows/flow/instances"
    for start in range(0, len(batch), 100):
        send(f"{api}/batch", batch[start : start + 100])
    wait(lambda: server.log.read_text().count("sleep 'nap-1'") >= SLEEPING, server.log)
    write(folder, "after")
    done = []

    def ended() -> bool:
        pages = [answer(f"{api}?status=complete&per_page=100&page={page}") for page in (1, 2)]
        done[:] = [each for page in pages for each in page if each["id"].startswith("i")]
        time.sleep(0.1)
        return len(done) == len(batch)

    wait(ended, server.log)
    outputs = [answer(f"{api}/{each['id']}")["output"] for each in done]
    return {"instances": len(batch), "complete": len(done), "in_the_new_code": outputs.count("after")}


def send(url: str, body: object) -> None:
    """Post JSON."""
    request = urllib.request.Request(url, json.dumps(body).encode(), {"content-type": "application/json"})
    urllib.request.urlopen(request).close()


def answer(url: str) -> Any:
    """The result of an answer of the API."""
    with urllib.request.urlopen(url) as response:
        return json.load(response)["result"]


def note(figures: dict[str, float], measured: Mapping[str, float]) -> None:
    """Add what was *measured* to the figures, and print it."""
    figures.update(measured)
    for key, value in measured.items():
        print(f"{key:20} {value:,.2f}", flush=True)


def main() -> None:
    """Measure, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--starts", type=int, default=5)
    parser.add_argument("--edits", type=int, default=50)
    parser.add_argument("--reloads", type=int, default=1000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="stepwell-dev-") as name:
        folder = Path(name)
        (folder / "wrangler.json").write_text(json.dumps(CONFIG))
        write(folder, "v")
        note(figures, measure_starts(folder, options.starts))
        server = Server(folder)
        try:
            note(figures, measure_instances(server, folder))
            note(figures, measure_edits(server, folder, options.edits))
            if options.reloads:
                note(figures, measure_memory(server, folder, options.reloads))
        finally:
            server.stop()
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
