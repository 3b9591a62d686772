"""
Four engines with a hundred schedules, of which one is killed and one is frozen around each fire time.

STEPWELL_MINUTES says for how many minutes, STEPWELL_SEED at which moments.
"""

from __future__ import annotations

import json
import os
import random
import signal
import textwrap
import time
from typing import TYPE_CHECKING

import pytest
from cluster import can_run, running_cluster
from members import Member, all_answer
from places import until

if TYPE_CHECKING:
    from pathlib import Path

MINUTES = int(os.environ.get("STEPWELL_MINUTES", "3"))
ENGINES = 4
LEASE_MS = 1500
FROZEN_S = 2.5 * LEASE_MS / 1000
SCHEMA = "fired"
MINUTE_MS = 60_000
CRONS = [
    "* * * * *",
    *(f"0-{n},* * * * *" for n in range(1, 60)),
    *(f"{n},* * * * *" for n in range(40)),
]
"""A hundred expressions for each minute: each belongs to the engine that has its part."""

FLOW = """
    import { WorkflowEntrypoint } from "cloudflare:workers";

    export class Flow extends WorkflowEntrypoint {
      async run(event, step) {
        return await step.do("tick", async () => event.schedule.scheduledTime);
      }
    }
"""


def write_project(folder: Path) -> None:
    workflow = {"name": "Flow", "class_name": "Flow", "binding": "FLOW", "schedules": CRONS}
    folder.mkdir()
    (folder / "flow.mjs").write_text(textwrap.dedent(FLOW))
    (folder / "wrangler.json").write_text(json.dumps({"name": "app", "main": "flow.mjs", "workflows": [workflow]}))


def sleep_until(at_s: float) -> None:
    """Wait for a time of day: real engines fire schedules by the clock of their database, which no test can set."""
    time.sleep(max(0, at_s - time.time()))


class Scheduled(Member):
    """An engine of the project with the schedules."""

    served = "app"


def disturb(members: list[Member], fire_s: float, chance: random.Random) -> list[str]:
    """Kill one engine and freeze another one around a fire time, and start the first one again. What was done."""
    killed, frozen = chance.sample(members, 2)
    done = []
    freeze_s, kill_s = (fire_s + chance.uniform(-1, 0.5) for _ in range(2))
    for at_s, kind in sorted([(kill_s, "kill"), (freeze_s, "freeze")]):
        sleep_until(at_s)
        if kind == "kill":
            killed.kill()
            done.append(kind)
        elif (host := frozen.host()) is not None:
            os.kill(host, signal.SIGSTOP)
            done.append(kind)
    sleep_until(freeze_s + FROZEN_S)
    if "freeze" in done:
        os.kill(host, signal.SIGCONT)
    killed.start()
    return done


@pytest.mark.timeout(7200)
def test_each_fire_time_has_one_instance(tmp_path: Path) -> None:
    if not can_run():
        pytest.skip("PostgreSQL is missing: install Debian's package postgresql.")
    seed = int(os.environ.get("STEPWELL_SEED", random.randrange(2**32)))
    print(f"STEPWELL_SEED={seed}")
    chance = random.Random(seed)
    write_project(tmp_path / "app")
    with running_cluster() as cluster:
        members = [Scheduled(tmp_path, f"engine{n}", cluster, schema=SCHEMA, lease_ms=LEASE_MS) for n in range(ENGINES)]
        try:
            all_answer(members, until)
            first = (int(time.time() * 1000) // MINUTE_MS + 1) * MINUTE_MS
            times = [first + n * MINUTE_MS for n in range(MINUTES)]
            done = [kind for fire in times for kind in disturb(members, fire / 1000, chance)]
            expected = sorted(f"{cron}-{fire}" for cron in CRONS for fire in times)
            # Those of a fire time before all engines answered, and of one after the last, are not asked about.
            bounds = f"(schedule::json->>'scheduledTime')::bigint BETWEEN {times[0]} AND {times[-1]}"
            complete = f"SELECT count(*) FROM {SCHEMA}.instances WHERE {bounds} AND status = 'complete'"
            until(lambda: int(cluster.query(complete)) >= len(expected), "fire times have no instance")
            found = cluster.query(f"SELECT id FROM {SCHEMA}.instances WHERE {bounds}").splitlines()
        finally:
            for member in members:
                member.stop()
    assert expected == sorted(found)
    print(f"{len(expected)} fire times, {done.count('kill')} engines killed, {done.count('freeze')} frozen")
