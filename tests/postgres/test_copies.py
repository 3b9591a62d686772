"""A state with everything in it goes from a file to PostgreSQL and back, also while engines run it."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest
from places import until
from test_state import rows_of

CONFIG = {
    "name": "app",
    "main": "flow.mjs",
    "workflows": [
        {"name": "Flow", "class_name": "Flow", "binding": "FLOW", "schedules": ["0 6 1 1 *"]},
        {"name": "Failing", "class_name": "Failing", "binding": "FAILING"},
    ],
}
FLOW = r"""
    import { WorkflowEntrypoint } from "cloudflare:workers";

    export class Flow extends WorkflowEntrypoint {
      async run(event, step) {
        await step.do("large", async () => "é".repeat(2 ** 19));
        await step.do("stream", async () => new Blob(["x".repeat(300_000)]).stream());
        await step.do("progress", async (ctx) => {
          ctx.reportProgress({ done: 1 });
          return { zero: "a\0b", emoji: "😀", escape: "\x01", quote: '"\\' };
        });
        console.log("a\0b \x01 é");
        await step.sleep("nap", 10);
        return (await step.waitForEvent("wait", { type: "go" })).payload;
      }
    }

    export class Failing extends WorkflowEntrypoint {
      async run(event, step) {
        for (const name of ["a", "b"]) await step.do(name, async () => name, { rollback: async () => undefined });
        await step.do("never", { retries: { limit: 1, delay: 1 } }, async () => {
          throw new Error("no\0thing");
        });
      }
    }
"""
FILLED = ("workflows", "versions", "schedules", "tokens", "audit", "instances", "log", "chunks", "events", "output")
"""Tables of which the state has rows. Messages of queues are put into it by hand."""


def command(machine, *arguments):
    done = machine.run(*arguments)
    assert 0 == done.code, done.err
    return done


def fill(machine, state, status):
    """Instances that wait, have ended, have failed, were paused and were deleted, and events that nobody waits for."""
    machine.write("wrangler.json", json.dumps(CONFIG))
    machine.write("flow.mjs", FLOW)
    serving = machine.start("serve", ".", "--state", state)
    serving.read_until("Serving")
    of_flow = ("workflows", "instances")
    for name in ("waits", "ends", "paused", "deleted"):
        command(machine, "workflows", "trigger", "Flow", "--id", name, "--state", state)
    command(machine, "workflows", "trigger", "Failing", "--id", "fails", "--state", state)
    until(lambda: status("waits") == status("ends") == status("paused") == "waiting", "they do not wait")
    command(
        machine, *of_flow, "send-event", "Flow", "ends", "--type", "go", "--payload", '{"a": 1.0}', "--state", state
    )
    for number in range(3):
        event = ("--type", "other", "--payload", f'["\\u0000", {number}]')
        command(machine, *of_flow, "send-event", "Flow", "waits", *event, "--state", state)
    command(machine, *of_flow, "pause", "Flow", "paused", "--state", state)
    command(machine, *of_flow, "delete", "Flow", "deleted", "--state", state)
    command(machine, "tokens", "create", "ci", "--state", state)
    until(lambda: (status("ends"), status("fails")) == ("complete", "errored"), "they do not end")
    return serving


def exported(machine, name, state):
    """The tables of an instance's run file that are about the instance."""
    path = machine.folder / "exported.run.sqlite"
    command(machine, "runs", "export", name, str(path), "--state", state)
    tables = rows_of(path)
    path.unlink()
    return {each: tables[each] for each in ("instances", "log", "chunks", "events", "output", "progress")}


def test_everything(cluster, machine):
    """Nothing differs when it comes back, and in between an instance is exported as it would be from the file."""
    file = machine.folder / "one.sqlite"

    def status(name):
        with closing(sqlite3.connect(file, timeout=10)) as db:
            return dict(db.execute("SELECT id, status FROM instances")).get(name)

    serving = fill(machine, "one.sqlite", status)
    serving.interrupt()
    serving.wait()
    with closing(sqlite3.connect(file)) as db, db:
        columns = "number, queue, id, body, attempts, sent_on, available_on"
        db.execute(f"INSERT INTO queue_messages ({columns}) VALUES (1, 'q', 'm', ?, 0, 1, 2)", ("a\0b",))
    there = cluster.address()

    command(machine, "state", "copy", "one.sqlite", there)
    command(machine, "state", "copy", there, "two.sqlite")

    one = rows_of(file)
    assert [name for name in (*FILLED, "progress", "queue_messages") if not one[name]] == []
    assert one == rows_of(machine.folder / "two.sqlite")
    for name in ("waits", "ends", "fails"):
        assert exported(machine, name, "one.sqlite") == exported(machine, name, there)


def test_backup(cluster, machines):
    """While two engines run a state, a backup has it as it is at one moment: no log has a gap, and it runs on."""
    one, two = machines
    state = cluster.address(schema="backed_up", engines="several")

    def status(name):
        found = cluster.query("SELECT id, status FROM backed_up.instances").splitlines()
        return dict(line.split("|") for line in found).get(name)

    serving = fill(one, state, status)
    two.start("serve", ".", "--state", state).read_until("Serving")

    done = command(one, "state", "backup", "copy.sqlite", "--state", state)

    assert "Wrote a copy of the state" in done.out
    with closing(sqlite3.connect(one.folder / "copy.sqlite")) as db:
        tails = "max(seq + (next IS NOT NULL)) - min(seq) + 1 <> sum(1 + (next IS NOT NULL))"
        assert [] == db.execute(f"SELECT instance FROM log GROUP BY instance HAVING {tails}").fetchall()
        assert {"waits", "ends", "paused", "fails"} == {name for (name,) in db.execute("SELECT id FROM instances")}
    serving.interrupt()
    going = one.start("serve", ".", "--state", "copy.sqlite")
    going.read_until("Serving")
    sent = ("send-event", "Flow", "waits", "--type", "go", "--payload", "1", "--state", "copy.sqlite")
    command(one, "workflows", "instances", *sent)

    def ended():
        with closing(sqlite3.connect(one.folder / "copy.sqlite", timeout=10)) as db:
            return ("complete",) in db.execute("SELECT status FROM instances WHERE id = 'waits'").fetchall()

    until(ended, "the copy does not run on")


@pytest.mark.parametrize("force", [(), ("--force",)])
def test_a_backup_is_not_restored_into_postgresql(cluster, machine, force):
    """A state there is not replaced: the command says what to do."""
    command(machine, "run", "flow.mjs", "--id", "a", "--quiet", "--state", "one.sqlite")
    command(machine, "state", "backup", "copy.sqlite", "--state", "one.sqlite")

    done = machine.run("state", "restore", "copy.sqlite", "--state", cluster.address(), *force)

    assert 2 == done.code
    assert "stepwell state copy FILE postgres://" in done.err
