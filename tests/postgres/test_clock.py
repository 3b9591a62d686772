"""The clock of a machine is wrong, or jumps."""

from __future__ import annotations

import pytest
from places import until

HOUR_MS = 3_600_000
LEASE_MS = 2000

WRONG = """
    import { readFileSync } from "node:fs";

    const now = Date.now;
    Date.now = () => now() + Number(readFileSync(process.env.CLOCK_AHEAD, "utf8"));
"""
"""What Node loads first: its wall clock is ahead by as many milliseconds as a file says at the time."""

FLOW = """
    import { WorkflowEntrypoint } from "cloudflare:workers";

    export class Flow extends WorkflowEntrypoint {
      async run(event, step) {
        for (let n = 0; n < 20; n++) {
          await step.do(`step ${n}`, async () => n);
          await step.sleep(`nap ${n}`, 300);
        }
        return "done";
      }
    }
"""
SLEEP = FLOW.replace("n < 20", "n < 1").replace("300", "2000")


def set_clock(machine, ahead_ms):
    """Set the wall clock of a machine's processes."""
    machine.write("wrong_clock.mjs", WRONG)
    machine.environment["NODE_OPTIONS"] = f"--import {machine.folder / 'wrong_clock.mjs'}"
    path = machine.folder / f"{machine.environment['XDG_STATE_HOME'].rpartition('/')[2]}.ahead"
    # In one piece: the clock is read all the time.
    draft = path.with_suffix(".draft")
    draft.write_text(str(ahead_ms))
    draft.replace(path)
    machine.environment["CLOCK_AHEAD"] = str(path)


def serve(machine, state):
    serving = machine.start("serve", "flow.mjs", "--state", state)
    serving.read_until("Serving")
    return serving


def trigger(machine, state):
    done = machine.run("workflows", "trigger", "Flow", "--id", "a", "--state", state)
    assert 0 == done.code, done.err


def status(cluster, schema):
    return cluster.query(f"SELECT status FROM {schema}.instances")


@pytest.mark.parametrize("ahead_ms", [3 * HOUR_MS, -3 * HOUR_MS])
def test_wrong_clock(cluster, machines, ahead_ms):
    """Another engine ends a sleep when it is over, whatever time the machine had where it began."""
    one, two = machines
    one.write("flow.mjs", SLEEP)
    schema = "ahead" if ahead_ms > 0 else "behind"
    state = cluster.address(schema=schema)
    set_clock(one, ahead_ms)
    serving = serve(one, state)
    trigger(one, state)
    until(lambda: status(cluster, schema) == "waiting", "the instance does not sleep")
    serving.kill_group()

    due, now = cluster.query(
        f"SELECT wake_at, (extract(epoch FROM clock_timestamp()) * 1000)::bigint FROM {schema}.instances"
    ).split("|")
    assert abs(int(due) - int(now)) < HOUR_MS
    serve(two, state)
    until(lambda: status(cluster, schema) == "complete", "the instance does not complete")


@pytest.mark.parametrize("jump_ms", [HOUR_MS, -HOUR_MS, 900, -900])
def test_clock_jumps(cluster, machines, jump_ms):
    """An engine whose clock is set goes on: it keeps its lease, nobody takes over, and no attempt is charged."""
    one, two = machines
    one.write("flow.mjs", FLOW)
    schema = f"jump_{abs(jump_ms)}_{'on' if jump_ms > 0 else 'back'}"
    state = cluster.address(schema=schema, lease_ms=str(LEASE_MS))
    set_clock(one, 0)
    serve(one, state)
    two.start("serve", "flow.mjs", "--state", state).read_until("The state is held by engine")
    trigger(one, state)
    slept = f"SELECT count(*) FROM {schema}.log WHERE name LIKE 'nap%'"
    until(lambda: int(cluster.query(slept)) > 3, "the instance does not sleep")

    set_clock(one, jump_ms)
    until(lambda: status(cluster, schema) == "complete", "the instance does not complete")

    assert "0" == cluster.query(f"SELECT count(*) FROM {schema}.log WHERE attempt > 1")
    assert "2" == cluster.query(f"SELECT count(*) FROM {schema}.engines WHERE NOT dead")
    took = f"SELECT max(at) - min(at) < {HOUR_MS // 2} FROM {schema}.log"
    assert "t" == cluster.query(took), "the log has the time of the database"
