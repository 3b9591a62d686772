"""A PostgreSQL for all tests of the folder, and places to run commands in. Without PostgreSQL they are skipped."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cluster import Cluster, can_run, running_cluster
from places import Place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

FLOW = """
    import { appendFileSync } from "node:fs";
    import { setTimeout as rest } from "node:timers/promises";
    import { WorkflowEntrypoint } from "cloudflare:workers";

    export class Flow extends WorkflowEntrypoint {
      async run(event, step) {
        for (let n = 0; n < 100; n++)
          await step.do(`step ${n}`, async () => {
            appendFileSync("ran", `${n}\\n`);
            await rest(100);
            return n;
          });
        console.log("a\\0b");
        return "done";
      }
    }
"""
"""A hundred steps, each of which leaves a line when it begins."""


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    if not can_run():
        pytest.skip("PostgreSQL is missing: install Debian's package postgresql.")
    with running_cluster() as found:
        yield found


class Machine(Place):
    """A folder with the code, as one of several machines sees it: the commands of another machine are not found."""

    def __init__(self, folder: Path, name: str) -> None:
        super().__init__(folder)
        self.environment["XDG_STATE_HOME"] = str(folder / name)

    def ran(self) -> list[int]:
        """The steps that have begun, in order."""
        path = self.folder / "ran"
        return [int(line) for line in path.read_text().split()] if path.exists() else []


@pytest.fixture
def new_machine(tmp_path: Path) -> Iterator[Callable[[str], Machine]]:
    """Makes machines, all with the same code at the same path."""
    made: list[Machine] = []

    def make(name: str) -> Machine:
        made.append(Machine(tmp_path, name))
        return made[-1]

    yield make
    for machine in made:
        machine.dispose()


@pytest.fixture
def machines(new_machine: Callable[[str], Machine]) -> tuple[Machine, Machine]:
    """Two machines with the same code at the same path."""
    one, two = new_machine("one"), new_machine("two")
    one.write("flow.mjs", FLOW)
    return one, two


@pytest.fixture
def machine(machines: tuple[Machine, Machine]) -> Machine:
    return machines[0]
