"""A concurrency limit holds for all engines of a state together."""

from __future__ import annotations

import random

from places import until

ENGINES = 8
LIMIT = 3
INSTANCES = 40
FLOW = """
    import { appendFileSync } from "node:fs";
    import { setTimeout as rest } from "node:timers/promises";
    import { WorkflowEntrypoint } from "cloudflare:workers";

    export class Flow extends WorkflowEntrypoint {
      async run(event, step) {
        await step.do("work", { retries: { limit: 100, delay: 0 } }, async () => {
          appendFileSync("ran", `begin ${event.instanceId}\\n`);
          await rest(150);
          appendFileSync("ran", `end ${event.instanceId}\\n`);
        });
        await step.sleep("nap", 200);
      }
    }

    export class Creator extends WorkflowEntrypoint {
      async run(event) {
        await this.env.FLOW.createBatch(Array.from({ length: %d }, (_, n) => ({ id: `i${n}` })));
      }
    }
"""
CONFIG = """
    {
      "name": "app",
      "main": "flow.mjs",
      "workflows": [
        { "name": "flow", "class_name": "Flow", "binding": "FLOW", "concurrency": { "limit": %d } },
        { "name": "creator", "class_name": "Creator", "binding": "CREATOR" }
      ]
    }
"""


def most_at_once(path):
    """How many steps ran at once. That of an engine that was killed runs until it has begun again and ended."""
    running: set[str] = set()
    most = 0
    for line in path.read_text().splitlines():
        what, name = line.split()
        running = running | {name} if what == "begin" else running - {name}
        most = max(most, len(running))
    return most


def test_engines_are_killed(cluster, new_machine):
    """Eight engines run as many instances as the limit allows and never more, while some of them are killed."""
    state = cluster.address(schema="limited", engines="several")
    machines = [new_machine(f"machine-{n}") for n in range(ENGINES)]
    machines[0].write("flow.mjs", FLOW % INSTANCES)
    machines[0].write("wrangler.json", CONFIG % LIMIT)
    engines = [machine.start("serve", ".", "--state", state) for machine in machines]
    for engine in engines:
        engine.read_until("Serving")
    chance = random.Random(7)

    created = machines[0].run("workflows", "trigger", "creator", "--state", state)
    assert 0 == created.code, created.err
    ran = machines[0].folder / "ran"
    for ended in (4, 10, 16):
        until(lambda ended=ended: ran.exists() and ran.read_text().count("end ") >= ended, "no instances end")
        engines.pop(chance.randrange(len(engines))).kill_group()
    done = "SELECT count(*) FROM limited.instances WHERE workflow = 'flow' AND status = 'complete'"
    until(lambda: cluster.query(done) == str(INSTANCES), "the instances do not complete")

    assert LIMIT == most_at_once(ran)
    until(lambda: cluster.query("SELECT count(*) FROM limited.places") == "0", "places are left behind")
