"""
Three engines and a PostgreSQL, which are killed, frozen, cut off and stopped while clients use any of the engines.

STEPWELL_FAULTS says how many faults there are, STEPWELL_SEED which: the same kinds in the same order, though not at the
same moments.
"""

from __future__ import annotations

import os
import random
import textwrap
from typing import TYPE_CHECKING

import pytest
from cluster import can_run, running_cluster
from evidence import (
    SCHEMA,
    WITNESS,
    begun_again,
    begun_twice,
    gaps,
    has_witnessed,
    payloads,
    starts,
    statuses,
    succeeded_twice,
)
from faults import Faults
from load import COMMANDED, FINAL, Load
from members import Member, all_answer
from places import until

if TYPE_CHECKING:
    from pathlib import Path

    from cluster import Cluster

FAULTS = int(os.environ.get("STEPWELL_FAULTS", "60"))
ENGINES = 3
CLIENTS = 3
LEASE_MS = 1500

FLOW = """
    import { appendFileSync } from "node:fs";
    import { setTimeout as rest } from "node:timers/promises";
    import { WorkflowEntrypoint } from "cloudflare:workers";

    const note = (event, step) => appendFileSync("ran", `${Date.now()} ${process.pid} ${event.instanceId} ${step}\\n`);

    export class Flow extends WorkflowEntrypoint {
      async run(event, step) {
        const received = [];
        for (let n = 0; n < 4; n++) {
          await step.do(`step-${n}`, { retries: { limit: 1000, delay: 20, backoff: "constant" } }, async () => {
            note(event, `step-${n}`);
            await rest(60);
          });
          await step.sleep(`nap-${n}`, 200);
        }
        try {
          await step.do("once", { retries: { limit: 0, delay: 0 } }, async () => {
            note(event, "once");
            await rest(60);
          });
        } catch {
          // It was under way when its engine died.
        }
        for (let n = 0; n < 2; n++)
          received.push((await step.waitForEvent(`wait-${n}`, { type: "go", timeout: "1 day" })).payload);
        return received;
      }
    }
"""


def check(cluster: Cluster, load: Load, ran: Path) -> None:
    """Nothing is lost, nothing is done twice."""
    found = statuses(cluster)
    known = load.instances
    assert [name for name, each in known.items() if each.is_created and not each.is_deleted and name not in found] == []
    assert [name for name, each in known.items() if each.deletion and name in found] == []
    assert {name: status for name, status in found.items() if status not in FINAL} == {}
    plain = {name: status for name, status in found.items() if not name.startswith(COMMANDED)}
    assert set(plain.values()) == {"complete"}
    ended = {name: each.end for name, each in known.items() if each.end is not None and not each.is_deleted}
    assert {name: found[name] for name in ended} == ended
    kept = payloads(cluster)
    lost = [payload for name in plain for payload in known[name].received if f'"{payload}"' not in kept]
    assert lost == [], "an event that was acknowledged is there"

    assert gaps(cluster) == ""
    assert succeeded_twice(cluster) == ""
    assert has_witnessed(cluster)
    of_plain = [start for start in starts(ran) if not start.instance.startswith(COMMANDED)]
    assert begun_again(cluster, of_plain) == []
    assert begun_twice(of_plain) == []


def finish(load: Load, members: list[Member], chance: random.Random) -> None:
    """Let everything come to its end."""
    for instance in load.instances.values():
        until(lambda instance=instance: load.finish(instance, chance.choice(members)), f"{instance.name} does not end")


@pytest.mark.timeout(7200)
def test_engines_and_their_database_fail(tmp_path: Path) -> None:
    if not can_run():
        pytest.skip("PostgreSQL is missing: install Debian's package postgresql.")
    seed = int(os.environ.get("STEPWELL_SEED", random.randrange(2**32)))
    print(f"STEPWELL_SEED={seed}")
    (tmp_path / "flow.mjs").write_text(textwrap.dedent(FLOW))
    with running_cluster() as cluster:
        members: list[Member] = []
        load = Load(members)
        faults = Faults(members, cluster, random.Random(seed), lease_ms=LEASE_MS)
        try:
            members += (
                Member(tmp_path, f"engine{number}", cluster, schema=SCHEMA, lease_ms=LEASE_MS)
                for number in range(ENGINES)
            )
            all_answer(members, until)
            cluster.query(WITNESS)
            load.start([random.Random(f"{seed} {number}") for number in range(CLIENTS)])
            with faults.ending():
                while len(faults.done) < FAULTS:
                    faults.next()
            load.stop()
            finish(load, members, random.Random(seed))
        finally:
            load.stop()
            for member in members:
                member.stop()
        check(cluster, load, tmp_path / "ran")
    assert load.errors == []
    print(f"{len(faults.done)} faults, {len(load.instances)} instances")
