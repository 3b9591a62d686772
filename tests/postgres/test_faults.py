"""What goes wrong between engines and their database: they die or freeze, it ends, connections are cut."""

from __future__ import annotations

import os
import signal

from places import until
from proxy import Proxy

STEPS = 100


def steps_begun(machine, count):
    until(lambda: len(machine.ran()) >= count, f"{count} steps do not begin")


def log_is_whole(cluster, schema):
    """Whether the log has no gap and each step has succeeded once."""
    gaps = cluster.query(
        f"SELECT count(*) FROM (SELECT instance, max(seq + (next IS NOT NULL)::int) "
        f"- sum(1 + (next IS NOT NULL)::int) AS gap FROM {schema}.log GROUP BY instance) AS each WHERE gap <> 0"
    )
    succeeded = cluster.query(f"SELECT count(*), count(DISTINCT name) FROM {schema}.log WHERE next = 6")
    return (gaps, succeeded) == ("0", f"{STEPS}|{STEPS}")


def complete(cluster, schema):
    until(
        lambda: cluster.query(f"SELECT status FROM {schema}.instances") == "complete", "the instance does not complete"
    )


def begin(machine, state):
    """An engine that serves the state, and runs an instance."""
    serving = machine.start("serve", "flow.mjs", "--state", state)
    serving.read_until("Serving")
    done = machine.run("workflows", "trigger", "Flow", "--id", "a", "--state", state)
    assert 0 == done.code, done.err
    return serving


def test_kill(cluster, machines):
    """A second engine takes over at once when the first one is killed: long before the lease is over."""
    one, two = machines
    state = cluster.address(schema="killed", lease_ms="600000")
    serving = begin(one, state)
    standby = two.start("serve", "flow.mjs", "--state", state)
    standby.read_until("The state is held by engine")
    steps_begun(one, 5)

    serving.kill_group()
    standby.read_until("Serving")
    complete(cluster, "killed")

    assert log_is_whole(cluster, "killed")
    ran = one.ran()
    again = [n for n in range(STEPS) if ran.count(n) > 1]
    assert len(again) <= 1, "only the step that ran runs again"
    assert sorted(set(ran)) == list(range(STEPS))


def test_frozen(cluster, machines):
    """An engine that freezes is taken over when its lease is over. When it wakes, it writes nothing, and waits."""
    one, two = machines
    state = cluster.address(schema="frozen", lease_ms="2000")
    serving = begin(one, state)
    host = serving.host_pid()
    steps_begun(one, 5)

    os.kill(host, signal.SIGSTOP)
    standby = two.start("serve", "flow.mjs", "--state", state)
    standby.read_until("Serving")
    os.kill(host, signal.SIGCONT)
    serving.read_until("What was not in the database yet runs again.")
    serving.read_until("The state is held by engine")
    complete(cluster, "frozen")

    assert log_is_whole(cluster, "frozen")


def test_database_restarts(cluster, machine):
    """While the database is away the engine waits; nothing is lost, and no attempt is charged."""
    state = cluster.address(schema="restarted")
    serving = begin(machine, state)
    steps_begun(machine, 5)

    cluster.stop("immediate")
    serving.read_until("The database of the state does not answer")
    cluster.start()
    serving.read_until("this engine continues")
    complete(cluster, "restarted")

    assert log_is_whole(cluster, "restarted")
    assert "0" == cluster.query("SELECT count(*) FROM restarted.log WHERE attempt > 1")
    assert list(range(STEPS)) == machine.ran()


def test_database_restarts_while_a_standby_waits(cluster, machines):
    """A standby that has reached the database once waits for it, and takes over later."""
    one, two = machines
    state = cluster.address(schema="awaited", lease_ms="600000")
    serving = begin(one, state)
    standby = two.start("serve", "flow.mjs", "--state", state)
    standby.read_until("The state is held by engine")
    steps_begun(one, 5)

    cluster.stop("immediate")
    standby.read_until("; waiting for it.")
    cluster.start()
    serving.read_until("this engine continues")
    serving.kill_group()
    standby.read_until("Serving")
    complete(cluster, "awaited")

    assert log_is_whole(cluster, "awaited")


def test_a_standby_is_killed(cluster, machines):
    """Nothing is left of it that keeps the next one on its machine from waiting."""
    one, two = machines
    state = cluster.address(schema="orphaned")
    begin(one, state)
    standby = two.start("serve", "flow.mjs", "--state", state)
    standby.read_until("The state is held by engine")

    os.kill(standby.pid, signal.SIGKILL)
    following = two.start("serve", "flow.mjs", "--state", state)

    following.read_until("The state is held by engine")


def test_connections_are_cut(cluster, machine):
    """A statement that is cut half-way has no effect, and is sent again."""
    proxy = Proxy(cluster.port)
    try:
        serving = begin(machine, cluster.address(schema="cut", port=proxy.port))
        for cut in range(1, 5):
            begun = len(machine.ran())
            steps_begun(machine, min(begun + 5, STEPS))
            proxy.cut_after = 40 * cut
            until(lambda cut=cut: proxy.cuts >= cut, "no connection is cut")
        complete(cluster, "cut")
    finally:
        proxy.close()

    serving.interrupt()
    assert log_is_whole(cluster, "cut")
    assert list(range(STEPS)) == machine.ran()


def test_a_declared_engine_is_refused(cluster, machines):
    """Whoever declares a living engine dead takes nothing from it but time: it joins anew and goes on."""
    one, _ = machines
    state = cluster.address(schema="declared")
    serving = begin(one, state)
    steps_begun(one, 5)

    cluster.query("UPDATE declared.engines SET dead = true")
    serving.read_until("What was not in the database yet runs again.")
    complete(cluster, "declared")

    assert log_is_whole(cluster, "declared")


def test_declared_while_it_opens(cluster, machine):
    """An engine that is declared dead while it loads its first code joins anew, too."""
    slow = """
        import { existsSync, writeFileSync } from "node:fs";
        const isFirst = !existsSync("loading");
        writeFileSync("loading", "");
        while (isFirst && !existsSync("declared")) await new Promise((resolve) => setTimeout(resolve, 10));
    """
    machine.write("flow.mjs", slow + (machine.folder / "flow.mjs").read_text())
    state = cluster.address(schema="opening")
    serving = machine.start("serve", "flow.mjs", "--state", state)
    until((machine.folder / "loading").exists, "the code is not loaded")

    cluster.query("UPDATE opening.engines SET dead = true")
    machine.write("declared", "")
    serving.read_until("What was not in the database yet runs again.")

    serving.read_until("Serving")
