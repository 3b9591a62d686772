"""What stands between an engine and its data is replaced: a pooler restarts, a standby is promoted."""

from __future__ import annotations

import contextlib
import shutil
import signal
import socket
import subprocess
from typing import TYPE_CHECKING

import pytest
from cluster import free_port, server_user
from places import until
from proxy import Proxy
from test_faults import begin

if TYPE_CHECKING:
    from collections.abc import Iterator

STEPS = 100


def steps_begun(machine, count):
    until(lambda: len(machine.ran()) >= count, f"{count} steps do not begin")


def listens(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
        return True
    return False


@contextlib.contextmanager
def pooler(cluster, port, mode="session") -> Iterator[None]:
    """pgbouncer, until the block ends: then it is killed."""
    program = shutil.which("pgbouncer", path="/usr/sbin:/usr/bin:/usr/local/bin")
    if program is None:
        pytest.skip("pgbouncer is missing: install Debian's package pgbouncer.")
    config = cluster.folder / f"pgbouncer-{port}.ini"
    # Any user is taken for the superuser: it listens on the loopback interface, for this test.
    config.write_text(
        f"[databases]\n* = host=127.0.0.1 port={cluster.port} user=postgres\n[pgbouncer]\nlisten_addr = 127.0.0.1\n"
        f"listen_port = {port}\nunix_socket_dir =\nauth_type = any\npool_mode = {mode}\n"
        "ignore_startup_parameters = extra_float_digits\n"
    )
    running = subprocess.Popen(
        [program, str(config)],
        user=server_user(),
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        running.send_signal(signal.SIGKILL)
        running.wait(timeout=60)


def test_pooler_restarts(cluster, machine):
    """The engine waits for a pooler that is killed and started again; no attempt is charged."""
    port = free_port()
    with pooler(cluster, port):
        serving = begin(machine, cluster.address(schema="pooled", port=port))
        steps_begun(machine, 5)
        examined = machine.run("doctor", "--state", cluster.address(schema="pooled", port=port))
    serving.read_until("The database of the state does not answer")
    with pooler(cluster, port):
        serving.read_until("this engine continues")
        until(lambda: cluster.query("SELECT status FROM pooled.instances") == "complete", "it does not complete")

    assert "through a pooler in session mode" in examined.out
    assert "0" == cluster.query("SELECT count(*) FROM pooled.log WHERE attempt > 1")
    assert list(range(STEPS)) == machine.ran()


def test_pooler_in_transaction_mode(cluster, machine):
    """It is refused: a connection would have its settings and its prepared statements only now and then."""
    port = free_port()
    state = cluster.address(schema="divided", port=port)
    with pooler(cluster, port, "transaction"):
        until(lambda: listens(port), "the pooler does not listen")
        run = machine.run("run", "flow.mjs", "--state", state)
        examined = machine.run("doctor", "--state", state)

    assert (2, 1) == (run.code, examined.code), run.err + examined.out
    assert "its pooler is in transaction mode. Set pool_mode = session" in run.err
    assert "through a pooler in transaction mode" in examined.out
    assert machine.ran() == []


def test_synchronous_standby_is_promoted(cluster, machine):
    """A standby that has all that was acknowledged is promoted; the engine continues, and no attempt is charged."""
    proxy = Proxy(cluster.port)
    try:
        with cluster.standby() as standby:
            state = cluster.address(schema="promoted", port=proxy.port)
            serving = begin(machine, state)
            steps_begun(machine, 5)

            cluster.stop("immediate")
            serving.read_until("The database of the state does not answer")
            standby.promote()
            proxy.target = standby.port
            serving.read_until("this engine continues")
            until(lambda: standby.query("SELECT status FROM promoted.instances") == "complete", "it does not complete")

            assert "0" == standby.query("SELECT count(*) FROM promoted.log WHERE attempt > 1")
            assert f"{STEPS}|{STEPS}" == standby.query(
                "SELECT count(*), count(DISTINCT name) FROM promoted.log WHERE next = 6"
            )
            assert list(range(STEPS)) == machine.ran()
            serving.interrupt()
            serving.wait()
    finally:
        proxy.close()
        cluster.start()
        cluster.query("ALTER SYSTEM RESET synchronous_standby_names")
        cluster.query("SELECT pg_reload_conf()")
