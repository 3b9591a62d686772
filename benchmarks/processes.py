"""Programs that are measured: each in a process group of its own, bounded in time, and gone when we are done."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PATIENCE = 180.0
SAMPLE = 0.1
ALONE = "STEPWELL_BENCHMARK_ALONE"

Figures = dict[str, float]


class ProgramError(Exception):
    """A program did not do what it was started for; the message says why."""


class Program:
    """One that prints its figures as a line of JSON. What it writes to stderr is kept for the message if it fails."""

    def __init__(self, command: Sequence[str], folder: Path, *, env: Mapping[str, str] | None = None) -> None:
        self._name = " ".join(Path(word).name for word in command[:2])
        self._folder = folder
        self.peak_mb = 0.0
        with (folder / "stderr").open("ab") as errors, (folder / "stdout").open("wb") as output:
            self.process = subprocess.Popen(
                command,
                cwd=folder,
                env={**os.environ, **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
                start_new_session=True,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def ended(self) -> float:
        """
        Wait for its end, and no moment longer: to wait for a limited time is to look every 50 ms.

        Returns:
            When that was, in seconds since 1970. It is killed when it takes too long, and `wait` says so.
        """
        alarm = threading.Timer(PATIENCE, os.killpg, (self.process.pid, signal.SIGKILL))
        alarm.start()
        self.process.wait()
        ended = time.time()
        alarm.cancel()
        return ended

    def wait(self, *, watch_memory: bool = False, patience: float = PATIENCE) -> str:
        """
        Wait for its end.

        Returns:
            What it has printed.

        Raises:
            ProgramError: It failed, or it takes too long.
        """
        deadline = time.monotonic() + patience
        while True:
            if watch_memory:
                self.peak_mb = max(self.peak_mb, memory_of_group(self.process.pid))
            try:
                code = self.process.wait(SAMPLE)
                break
            except subprocess.TimeoutExpired:
                if time.monotonic() > deadline:
                    self.kill()
                    raise ProgramError(f"{self._name} was not done after {patience:.0f} s") from None
        self.kill()
        if code:
            said = (self._folder / "stderr").read_text(errors="replace").strip().splitlines()
            raise ProgramError(f"{self._name} ended with {code}: {' / '.join(said[-12:])[-600:]}")
        return (self._folder / "stdout").read_text()

    def figures(self, *, watch_memory: bool = False) -> Figures:
        """Wait for its end. Gives its figures, with `peak_mb` where its memory was watched."""
        lines = self.wait(watch_memory=watch_memory).strip().splitlines()
        figures: Figures = json.loads(lines[-1])
        return {**figures, "peak_mb": self.peak_mb} if watch_memory and self.peak_mb else figures

    def kill(self) -> None:
        """End it, and whatever it has started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def leave_network() -> None:
    """Go on in a network that has only loopback, where the system allows that: nothing here needs more."""
    inner = ("sh", "-c", 'ip link set lo up && exec "$@"', "sh")
    if os.environ.get(ALONE) or shutil.which("unshare") is None or shutil.which("ip") is None:
        return
    words = ["unshare", "--net", *inner]
    if subprocess.run([*words, "true"], check=False, capture_output=True).returncode == 0:
        os.environ[ALONE] = "1"
        os.execvp(words[0], [*words, sys.executable, *sys.argv])


def memory_of_group(group: int) -> float:
    """Memory of a process group in MB, what is shared counted once; 0 where the system does not tell."""
    kilobytes = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, IndexError, ValueError):
            if int(stat.read_text().rpartition(")")[2].split()[2]) != group:
                continue
            for line in (stat.parent / "smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    kilobytes += int(line.split()[1])
    return kilobytes * 1024 / 1e6
