"""Engines that share a state get new code one after the other, while instances run."""

from __future__ import annotations

import os
import signal

from places import until

INSTANCES = 40
FLOW = """
    import { appendFileSync, existsSync } from "node:fs";
    import { setTimeout as rest } from "node:timers/promises";
    import { WorkflowEntrypoint } from "cloudflare:workers";

    const VERSION = "%s";

    export class Flow extends WorkflowEntrypoint {
      async run(event, step) {
        for (let n = 0; ; n++) {
          const isLast = await step.do(`step ${n}`, async () => {
            appendFileSync("ran", `${VERSION} ${event.instanceId} ${n}\\n`);
            await rest(200);
            return existsSync("upgraded");
          });
          if (isLast) return VERSION;
          await step.sleep(`nap ${n}`, 100);
        }
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
        { "name": "flow", "class_name": "Flow", "binding": "FLOW" },
        { "name": "creator", "class_name": "Creator", "binding": "CREATOR" }
      ]
    }
"""
ENGINES = 3
FAILED_STEPS = "SELECT count(*) FROM upgraded.log WHERE attempt > 1 OR 7 IN (event, next) OR 12 IN (event, next)"
DONE = "SELECT count(*) FROM upgraded.instances WHERE workflow = 'flow' AND status = 'complete'"


def code(version):
    return FLOW % (version, INSTANCES)


def serve(machine, state):
    serving = machine.start("serve", "app", "--state", state)
    serving.read_until("Serving")
    return serving


def test_rolling(cluster, new_machine):
    """No instance fails, no step runs twice, and no attempt is charged; all end in the new code."""
    state = cluster.address(schema="upgraded", engines="several")
    machines = [new_machine(f"machine-{n}") for n in range(ENGINES)]
    # In a folder of its own: a version is that of all files of a project.
    machines[0].write("app/flow.mjs", code("old"))
    machines[0].write("app/wrangler.json", CONFIG)
    engines = [serve(machine, state) for machine in machines]
    created = machines[0].run("workflows", "trigger", "creator", "--state", state)
    assert 0 == created.code, created.err
    ran = machines[0].folder / "ran"
    until(lambda: ran.exists() and len(ran.read_text().splitlines()) > INSTANCES, "steps do not begin")

    machines[0].write("app/flow.mjs", code("new"))
    for place, machine in enumerate(machines):
        os.kill(engines[place].pid, signal.SIGTERM)
        assert 0 == engines[place].wait().code
        engines[place] = serve(machine, state)
    # Instances run until then, however long it takes to replace the engines.
    machines[0].write("upgraded", "")
    until(lambda: cluster.query(DONE) == str(INSTANCES), "the instances do not complete")

    began = [tuple(line.split()) for line in ran.read_text().splitlines()]
    steps = [(name, n) for _, name, n in began]
    assert len(set(steps)) == len(steps) > INSTANCES
    assert "0" == cluster.query(FAILED_STEPS)
    outputs = cluster.query("SELECT DISTINCT output FROM upgraded.instances WHERE workflow = 'flow'")
    assert '"new"' == outputs
    for instance in {name for _, name, _ in began}:
        versions = [version for version, name, _ in began if name == instance]
        assert sorted(versions, reverse=True) == versions, f"{instance} goes back to older code"
    assert {"old", "new"} == {version for version, _, _ in began}
