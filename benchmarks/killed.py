"""Workload G: two hundred workflows, killed half-way; every step tells a ledger that no engine knows of."""

from __future__ import annotations

import time
from collections import defaultdict
from typing import TYPE_CHECKING

from processes import PATIENCE, Figures, Program, ProgramError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

STEPS = 10
POLL = 0.001


class Ledger:
    """One line for each step that has run: `instance:step`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.touch()

    def length(self) -> int:
        """How many lines it has."""
        return self.path.read_bytes().count(b"\n")

    def trim(self) -> None:
        """Remove what a kill has left of a line: its step had not come to its end."""
        text = self.path.read_bytes()
        self.path.write_bytes(text[: text.rfind(b"\n") + 1])

    def steps(self, first: int = 0) -> dict[str, list[int]]:
        """The steps of each instance, from line *first* on."""
        steps = defaultdict(list)
        for line in self.path.read_text().splitlines()[first:]:
            instance, _, step = line.rpartition(":")
            steps[instance].append(int(step))
        return steps


def kill_half_way(program: Program, ledger: Ledger, instances: int) -> int:
    """
    Wait until half of all steps have run, and kill.

    Returns:
        How many lines the ledger has.

    Raises:
        ProgramError: It was over before.
    """
    total = instances * STEPS
    deadline = time.monotonic() + PATIENCE
    while ledger.length() < total // 2 and program.process.poll() is None and time.monotonic() < deadline:
        time.sleep(POLL)
    program.kill()
    ledger.trim()
    lines = ledger.length()
    if not total // 2 <= lines < total:
        raise ProgramError(f"killed after {lines} of {total} steps, which is not half-way")
    return lines


def recovered(ledger: Ledger, killed_at: int, instances: int, resume: Callable[[], Figures]) -> Figures:
    """
    Start again, and look at what came of it.

    Returns:
        The figures of *resume*, and: how many instances have lost a step; how many steps ran again, and how many of
        those certainly had been recorded, because the next step of their instance had run before the kill.
    """
    before = ledger.steps()
    figures = resume()
    after = ledger.steps(killed_at)
    again = [(name, step) for name, steps in after.items() for step in set(steps) & set(before[name])]
    known = int(figures.pop("known", instances))
    whole = [name for name in {*before, *after} if {*before[name], *after[name]} == set(range(STEPS))]
    return {
        **figures,
        "lost": max(0, known - len(whole)),
        "again": len(again),
        "finished_again": sum(step + 1 in before[name] for name, step in again),
    }
