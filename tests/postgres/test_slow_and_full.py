"""A database that is slow or full, and one that has lost what it had acknowledged."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cluster import running_cluster, server_user
from places import until
from proxy import Proxy
from test_faults import STEPS, begin, complete, log_is_whole, steps_begun

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cluster import Cluster

SEGMENT_MIB = 16
LOG_MIB = 4 * SEGMENT_MIB
"""For a few segments of the write-ahead log."""
DISK_MIB = 24
"""For a database of some 8 MiB, and some hundred results of steps."""
LARGE = """
    import { randomBytes } from "node:crypto";
    import { appendFileSync } from "node:fs";
    import { WorkflowEntrypoint } from "cloudflare:workers";

    export class Flow extends WorkflowEntrypoint {
      async run(event, step) {
        for (let n = 0; n < 100; n++)
          await step.do(`step ${n}`, async () => {
            appendFileSync("ran", `${n}\\n`);
            return randomBytes(100_000).toString("base64");
          });
        return "done";
      }
    }
"""
"""The database stores more than 10 MiB of it, whatever it compresses."""


@contextlib.contextmanager
def mounted(mib: int) -> Iterator[Path]:
    """A disk of so many MiB."""
    folder = Path(tempfile.mkdtemp(prefix="stepwell-disk-"))
    command = ["mount", "-t", "tmpfs", "-o", f"size={mib}m", "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        folder.rmdir()
        pytest.skip("A file system cannot be mounted here: that needs the superuser.")
    try:
        folder.chmod(0o755)
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
        folder.rmdir()


@contextlib.contextmanager
def small_disk(cluster) -> Iterator[Path]:
    """A disk for a database of its own, which is called `small`."""
    with mounted(DISK_MIB) as folder:
        place = folder / "data"
        place.mkdir()
        if (user := server_user()) is not None:
            shutil.chown(place, user)
        cluster.query(f"CREATE TABLESPACE small LOCATION '{place}'")
        try:
            cluster.query("CREATE DATABASE small TABLESPACE small")
            yield folder
        finally:
            cluster.query("DROP DATABASE IF EXISTS small WITH (FORCE)")
            cluster.query("DROP TABLESPACE small")


@contextlib.contextmanager
def small_log() -> Iterator[tuple[Cluster, Path]]:
    """A server whose write-ahead log has a small disk for itself."""
    with mounted(LOG_MIB) as folder, running_cluster() as cluster:
        cluster.stop()
        log = cluster.folder / "data" / "pg_wal"
        subprocess.run(["mv", str(log), str(folder)], check=True)
        log.symlink_to(folder / log.name)
        cluster.start()
        yield cluster, folder


def test_disk_full(cluster, machine):
    """The engine says that the disk is full, and waits for room: nothing is lost, and no attempt is charged."""
    machine.write("flow.mjs", LARGE)
    with small_disk(cluster) as disk:
        state = cluster.address(schema="filled").replace("/postgres?", "/small?")
        serving = machine.start("serve", "flow.mjs", "--state", state)
        serving.read_until("Serving")
        filler = disk / "filler"
        free = shutil.disk_usage(disk).free
        filler.write_bytes(bytes(free - 3 * 2**20))
        done = machine.run("workflows", "trigger", "Flow", "--id", "a", "--state", state)
        assert 0 == done.code, done.err

        assert "No space left on device" in serving.read_until("The database of the state does not answer")
        assert len(machine.ran()) < STEPS
        filler.unlink()
        serving.read_until("this engine continues")
        done = machine.run("run", "flow.mjs", "--id", "a", "--quiet", "--state", state)

        assert (0, '"done"\n') == (done.code, done.out), done.err
        assert list(range(STEPS)) == machine.ran(), "each step has run once"
        serving.interrupt()
        serving.wait()


def begin_segments(cluster, count):
    """Use up the segments that are in reserve, and more."""
    for _ in range(count):
        cluster.query("SELECT pg_switch_wal(), pg_logical_emit_message(true, '', '')")


def test_disk_of_the_log_is_full(machine):
    """PostgreSQL itself ends then, and is started again when there is room: as any other restart of the database."""
    with small_log() as (cluster, disk):
        serving = begin(machine, cluster.address(schema="logged"))
        steps_begun(machine, 5)
        filler = disk / "filler"
        filler.write_bytes(bytes(shutil.disk_usage(disk).free))
        with pytest.raises(AssertionError, match=r"server closed the connection|No space left"):
            begin_segments(cluster, 2 * LOG_MIB // SEGMENT_MIB)

        serving.read_until("The database of the state does not answer")
        filler.unlink()
        cluster.revive()
        serving.read_until("this engine continues")
        complete(cluster, "logged")

        assert log_is_whole(cluster, "logged")
        assert list(range(STEPS)) == machine.ran()
        assert "0" == cluster.query("SELECT count(*) FROM logged.log WHERE attempt > 1")
        serving.interrupt()
        serving.wait()


def test_slow_disk(cluster, machines):
    """A disk that takes its time for each commit makes the state slow. Nobody takes over, and no attempt is charged."""
    one, two = machines
    state = cluster.address(schema="slow", lease_ms="2000")
    cluster.query("ALTER SYSTEM SET commit_delay = 100000")
    cluster.query("ALTER SYSTEM SET commit_siblings = 0")
    cluster.query("SELECT pg_reload_conf()")
    try:
        begin(one, state)
        standby = two.start("serve", "flow.mjs", "--state", state)
        standby.read_until("The state is held by engine")
        complete(cluster, "slow")
    finally:
        cluster.query("ALTER SYSTEM RESET commit_delay")
        cluster.query("ALTER SYSTEM RESET commit_siblings")
        cluster.query("SELECT pg_reload_conf()")

    assert log_is_whole(cluster, "slow")
    assert list(range(STEPS)) == one.ran()
    assert "2" == cluster.query("SELECT count(*) FROM slow.engines WHERE NOT dead")


def test_write_is_stuck(cluster, machines):
    """A write that takes longer than the lease is waited for: the lease is kept by a connection of its own."""
    one, two = machines
    state = cluster.address(schema="stuck", lease_ms="2000")
    begin(one, state)
    standby = two.start("serve", "flow.mjs", "--state", state)
    standby.read_until("The state is held by engine")
    steps_begun(one, 5)
    renewed = "SELECT extract(epoch FROM max(until)) FROM stuck.engines"
    writing = "query LIKE 'WITH me%INSERT INTO \"stuck\".log%'"
    writer = int(cluster.query(f"SELECT pid FROM pg_stat_activity WHERE {writing} ORDER BY pid LIMIT 1"))

    os.kill(writer, signal.SIGSTOP)
    try:
        start = float(cluster.query(renewed))
        until(lambda: float(cluster.query(renewed)) > start + 4, "the lease is not prolonged")
        assert len(one.ran()) < STEPS
    finally:
        os.kill(writer, signal.SIGCONT)
    complete(cluster, "stuck")

    assert log_is_whole(cluster, "stuck")
    assert list(range(STEPS)) == one.ran()
    assert "2" == cluster.query("SELECT count(*) FROM stuck.engines WHERE NOT dead")


def test_asynchronous_standby_is_promoted(cluster, machine):
    """A standby that has less than was acknowledged is promoted: the engine says so, and begins anew from that."""
    proxy = Proxy(cluster.port)
    try:
        with cluster.standby(synchronous=False) as standby:
            state = cluster.address(schema="lossy", port=proxy.port)
            serving = begin(machine, state)
            steps_begun(machine, 5)
            until(
                lambda: "5" == standby.query("SELECT least(count(*), 5) FROM lossy.log"), "the standby does not follow"
            )
            standby.query("ALTER SYSTEM SET primary_conninfo = ''")
            standby.query("SELECT pg_reload_conf()")
            behind = "SELECT count(*) FROM pg_stat_replication"
            until(lambda: cluster.query(behind) == "0", "the standby still follows")
            acknowledged = len(machine.ran())
            steps_begun(machine, acknowledged + 10)

            cluster.stop("immediate")
            lost = acknowledged + 10 - int(standby.query("SELECT count(*) FROM lossy.log WHERE next = 6"))
            assert lost > 1
            standby.promote()
            proxy.target = standby.port
            serving.read_until("The database went back in time.")
            complete(standby, "lossy")

            assert log_is_whole(standby, "lossy")
            ran = machine.ran()
            again = [n for n in range(STEPS) if ran.count(n) > 1]
            assert len(again) >= lost - 1, "what the database has lost runs again"
            assert again == list(range(again[0], again[-1] + 1))
            assert sorted(set(ran)) == list(range(STEPS))
            serving.interrupt()
            serving.wait()
    finally:
        proxy.close()
        cluster.start()
