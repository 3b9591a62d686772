"""Several engines run one state in PostgreSQL at once."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import urllib.request
from contextlib import closing

import pytest
from places import until

FLOW = """
    import { appendFileSync } from "node:fs";
    import { setTimeout as rest } from "node:timers/promises";
    import { WorkflowEntrypoint } from "cloudflare:workers";

    export class Flow extends WorkflowEntrypoint {
      async run(event, step) {
        for (let n = 0; n < 10; n++)
          await step.do(`step ${n}`, async () => {
            appendFileSync("ran", `${process.pid} ${event.instanceId} ${n}\\n`);
            await rest(100);
            return n;
          });
        return (await step.waitForEvent("wait", { type: "go" })).payload;
      }
    }
"""
"""Ten steps, each of which leaves a line that says in which process it begins, and a wait."""

IDS = [f"i{n}" for n in range(12)]
STEPS = 10


@pytest.fixture
def engines(machines):
    for machine in machines:
        machine.write("flow.mjs", FLOW)
    return machines


def lines(machine):
    """Process, instance and step of each attempt."""
    path = machine.folder / "ran"
    return [tuple(line.split()) for line in path.read_text().splitlines()] if path.exists() else []


def command(machine, *arguments):
    done = machine.run("workflows", *arguments)
    assert 0 == done.code, done.err
    return done


def serve(machine, state):
    serving = machine.start("serve", "flow.mjs", "--state", state)
    serving.read_until("Serving")
    return serving


def serve_together(machines, cluster, state, schema):
    """Both engines, each of which holds half of the parts."""
    both = [serve(machine, state) for machine in machines]
    held = f"SELECT string_agg(n::text, ' ') FROM (SELECT count(*) AS n FROM {schema}.parts GROUP BY holder) AS each"
    until(lambda: cluster.query(held) == "32 32", "the engines do not share the state equally")
    return both


def results(path):
    """The results of the steps in a run file."""
    with closing(sqlite3.connect(path)) as db:
        rows = db.execute("SELECT value FROM log WHERE name LIKE 'step %' AND next = 6 ORDER BY seq").fetchall()
    return [int(value) for (value,) in rows]


def statuses(cluster, schema):
    return set(cluster.query(f"SELECT status FROM {schema}.instances").split())


def log_is_whole(cluster, schema):
    """Whether no log has a gap and each step of each instance has succeeded once."""
    gaps = cluster.query(
        f"SELECT count(*) FROM (SELECT instance, max(seq + (next IS NOT NULL)::int) "
        f"- sum(1 + (next IS NOT NULL)::int) AS gap FROM {schema}.log GROUP BY instance) AS each WHERE gap <> 0"
    )
    succeeded = cluster.query(
        f"SELECT count(*), count(DISTINCT (instance, name)) FROM {schema}.log WHERE 6 IN (event, next)"
    )
    expected = len(IDS) * STEPS
    return (gaps, succeeded) == ("0", f"{expected}|{expected}")


def test_two_engines(cluster, engines):
    """Both run instances, and each of them carries out commands for the instances of both."""
    one, two = engines
    state = cluster.address(schema="shared", engines="several")
    serve_together(engines, cluster, state, "shared")

    for place, name in enumerate(IDS):
        command(engines[place % 2], "trigger", "Flow", "--id", name, "--state", state)
    until(lambda: statuses(cluster, "shared") == {"waiting"}, "the instances do not wait")
    for place, name in enumerate(IDS):
        asked = engines[place % 2]
        command(asked, "instances", "send-event", "Flow", name, "--type", "go", "--payload", '"sent"', "--state", state)
    until(lambda: statuses(cluster, "shared") == {"complete"}, "the instances do not complete")

    assert log_is_whole(cluster, "shared")
    began = lines(one)
    assert len(began) == len(set(began)) == len(IDS) * STEPS
    assert len({process for process, _, _ in began}) == 2
    for machine in engines:
        listed = command(machine, "instances", "list", "Flow", "--json", "--state", state).json
        assert {(row["id"], row["status"]) for row in listed} == {(name, "complete") for name in IDS}
    logs = {command(machine, "instances", "describe", "Flow", IDS[0], "--state", state).out for machine in engines}
    assert len(logs) == 1
    assert "sent" in logs.pop()
    assert two is not one


def test_an_engine_is_killed(cluster, engines):
    """The other one continues its instances at once; no step that has ended runs again."""
    one, two = engines
    state = cluster.address(schema="halved", engines="several", lease_ms="600000")
    victim, _ = serve_together(engines, cluster, state, "halved")
    for name in IDS:
        command(two, "trigger", "Flow", "--id", name, "--state", state)
    until(lambda: len(lines(one)) > len(IDS), "steps do not begin")

    victim.kill_group()
    until(lambda: statuses(cluster, "halved") == {"waiting"}, "the instances do not wait")

    assert log_is_whole(cluster, "halved")
    began = [(name, step) for _, name, step in lines(one)]
    again = [each for each in set(began) if began.count(each) > 1]
    assert all(began.count(each) == 2 for each in again), "only what ran at the time runs again"
    assert len(again) <= len(IDS)


def test_the_list_of_engines(cluster, engines):
    """It names each engine with its parts, and an engine that was killed is gone when the other one has its parts."""
    state = cluster.address(schema="listed", engines="several", lease_ms="600000")
    serving = [each.start("serve", "flow.mjs", "--port", "0", "--state", state) for each in engines]
    urls = [re.search(r"http://127\.0\.0\.1:\d+", each.read_until("Ready on http"))[0] for each in serving]

    def listed(url):
        with urllib.request.urlopen(f"{url}/client/v4/accounts/default/workflows/-/engines", timeout=60) as answer:
            found = json.load(answer)["result"]
        # Which of them has joined first is left to chance.
        return sorted((each["status"], each["parts"], each["is_this"]) for each in found)

    until(lambda: [("live", 32, False), ("live", 32, True)] == listed(urls[0]), "the engines are not listed")
    assert [("live", 32, False), ("live", 32, True)] == listed(urls[1])

    serving[0].kill_group()
    until(lambda: [("live", 64, True)] == listed(urls[1]), "the killed engine stays in the list")


def test_all_engines_are_killed(cluster, engines):
    """The first engine that starts takes all parts, and continues all instances."""
    one, two = engines
    state = cluster.address(schema="gone", engines="several", lease_ms="600000")
    both = serve_together(engines, cluster, state, "gone")
    for name in IDS:
        command(two, "trigger", "Flow", "--id", name, "--state", state)
    until(lambda: len(lines(one)) > len(IDS), "steps do not begin")

    for each in both:
        each.kill_group()
    serve(one, state)
    until(lambda: statuses(cluster, "gone") == {"waiting"}, "the instances do not wait")

    assert log_is_whole(cluster, "gone")
    assert "1" == cluster.query("SELECT count(DISTINCT holder) FROM gone.parts")


def test_engines_come_and_go(cluster, engines):
    """An engine that freezes is replaced, is refused when it wakes, and gets its share again."""
    one, two = engines
    state = cluster.address(schema="several", engines="several", lease_ms="2000")
    frozen, _ = serve_together(engines, cluster, state, "several")
    host = frozen.host_pid()
    for name in IDS:
        command(two, "trigger", "Flow", "--id", name, "--state", state)
    until(lambda: len(lines(one)) > len(IDS), "steps do not begin")

    os.kill(host, signal.SIGSTOP)
    until(lambda: cluster.query("SELECT count(DISTINCT holder) FROM several.parts") == "1", "it is not replaced")
    os.kill(host, signal.SIGCONT)
    frozen.read_until("What was not in the database yet runs again.")
    until(lambda: statuses(cluster, "several") == {"waiting"}, "the instances do not wait")
    until(lambda: cluster.query("SELECT count(DISTINCT holder) FROM several.parts") == "2", "it gets no share")

    assert log_is_whole(cluster, "several")
    for name in IDS:
        command(one, "instances", "terminate", "Flow", name, "--state", state)
    assert statuses(cluster, "several") == {"terminated"}


def test_all_instances(cluster, engines):
    """Any engine exports instances of another one, and terminates and deletes those of all engines."""
    one, two = engines
    state = cluster.address(schema="jobs", engines="several")
    serve_together(engines, cluster, state, "jobs")
    for name in IDS:
        command(one, "trigger", "Flow", "--id", name, "--state", state)
    until(lambda: statuses(cluster, "jobs") == {"waiting"}, "the instances do not wait")

    for machine in engines:
        for name in IDS[:4]:
            exported = machine.run("runs", "export", name, "exported.run.sqlite", "--state", state)
            assert 0 == exported.code, exported.err
            assert list(range(STEPS)) == results(machine.folder / "exported.run.sqlite")
            (machine.folder / "exported.run.sqlite").unlink()
    command(two, "instances", "terminate-all", "Flow", "--state", state)
    until(lambda: statuses(cluster, "jobs") == {"terminated"}, "they are not terminated")
    command(one, "delete", "Flow", "--state", state)
    until(lambda: cluster.query("SELECT count(*) FROM jobs.workflows") == "0", "it is not deleted")

    assert statuses(cluster, "jobs") == set()
    assert "0" == cluster.query("SELECT count(*) FROM jobs.log")
    for machine in engines:
        assert 0 != machine.run("workflows", "trigger", "Flow", "--state", state).code


def test_a_command_without_an_engine(cluster, engines):
    """A command that finds no engine looks at the state itself, and runs nothing."""
    one, two = engines
    state = cluster.address(schema="asleep", engines="several")
    serving = serve(one, state)
    command(one, "trigger", "Flow", "--id", "a", "--state", state)
    until(lambda: statuses(cluster, "asleep") == {"waiting"}, "the instance does not wait")
    serving.interrupt()
    serving.wait()

    listed = command(two, "instances", "list", "Flow", "--json", "--state", state).json
    command(two, "instances", "terminate", "Flow", "a", "--state", state)

    assert [("a", "waiting")] == [(row["id"], row["status"]) for row in listed]
    assert statuses(cluster, "asleep") == {"terminated"}


def test_one_engine_and_several(cluster, engines):
    """An engine that wants the state to itself waits while others share it."""
    one, two = engines
    state = cluster.address(schema="mixed", engines="several")
    serving = serve(one, state)

    alone = two.start("serve", "flow.mjs", "--state", state.replace("&engines=several", ""))
    alone.read_until("The state is held by engine")
    serving.interrupt()
    alone.read_until("Serving")
