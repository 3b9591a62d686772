"""A state file that cannot be used, and one that is in use."""

import os
import socket
import sqlite3
import subprocess

import pytest

from stepwell.state import StateOwner


@pytest.fixture
def used(place, order):
    """A state that has been used."""
    place.run("run", "order.py", "-q", "--id", "a")
    return place


def test_corrupt(used):
    """A corrupt file is told with its remedy, and left as it is."""
    used.state.write_bytes(b"not a database" * 1000)

    done = used.run("run", "order.py")

    assert 2 == done.code
    assert f"Error: State file '{used.state}' cannot be used: it is not a valid SQLite database" in done.err
    assert "Restore a backup, or move the file away" in done.err
    assert b"not a database" * 1000 == used.state.read_bytes()


def test_newer(used):
    """A file of a newer version asks for an upgrade."""
    with sqlite3.connect(used.state) as database:
        database.execute("PRAGMA user_version = 99")
    database.close()

    done = used.run("workflows", "list")

    assert 2 == done.code
    assert "it has format 99, this version of Stepwell reads up to" in done.err


def test_foreign(place, order):
    """Another program's database is not touched."""
    with sqlite3.connect(place.folder / "other.sqlite") as database:
        database.execute("CREATE TABLE theirs (x)")
    database.close()

    done = place.run("run", "order.py", "--state", "other.sqlite")

    assert 2 == done.code
    assert "it is a database of another program. Give another path with --state." in done.err


def test_read_only(used):
    """A folder that cannot be written to is told, for a run and for a look."""
    folder = used.state.parent
    read_only = (
        "unshare",
        "-m",
        "sh",
        "-c",
        f'mount --bind {folder} {folder} && mount -o remount,ro,bind {folder} && exec "$@"',
        "-",
    )
    if os.geteuid() != 0:
        folder.chmod(0o555)
        read_only = ()
    elif subprocess.run([*read_only, "true"], capture_output=True, check=False).returncode:
        pytest.skip("root may write everywhere, and no file system can be mounted here")

    run = used.run("run", "order.py", by=read_only)
    look = used.run("workflows", "list", by=read_only)

    folder.chmod(0o755)
    for done in (run, look):
        assert (2, "") == (done.code, done.out)
        assert f"Error: State file '{used.state}' cannot be used: " in done.err
        assert "Make it and its folder writable, or give another path with --state." in done.err
    assert 0 == used.run("run", "order.py", "--id", "a", "-q").code


def test_full(place):
    """When the disk is full the run ends with a clear word; what was finished is kept, and not done again."""
    place.write(
        "big.py",
        """
        from workers import WorkflowEntrypoint

        class BigWorkflow(WorkflowEntrypoint):
            async def run(self, event, step):
                total = 0
                for number in range(12):
                    @step.do("load")
                    async def load():
                        return "x" * 900_000

                    total += len(await load())
                return total
        """,
    )
    # In blocks of 512 bytes: no file may grow beyond some four of the results.
    full = ("sh", "-c", 'ulimit -f 8000; exec "$@"', "-")

    stopped = place.run("run", "big.py", "--id", "a", by=full)
    again = place.run("run", "big.py", "--id", "a", "--json", "-q")

    assert (2, "") == (stopped.code, stopped.out)
    assert f"Error: State file '{place.state}' cannot be used: the disk " in stopped.err
    assert "Free some space, then continue: what was finished is kept." in stopped.err
    kept = stopped.err.count("complete in")
    assert 0 < kept < 12
    assert 12 * 900_000 == again.json["output"]
    attempts = [len(step["attempts"]) for step in again.json["steps"]]
    assert 12 == len(attempts)
    assert [1] * kept == attempts[:kept]


def test_owner_is_gone(tmp_path):
    """An owner that listens is there, however long it takes to answer; of one that was killed the socket is left."""
    owner = StateOwner(1, str(tmp_path / "x.sock"), "stepwell run x.py")
    missing = owner.is_gone()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(owner.socket)
        listener.listen()
        listening = owner.is_gone()

    assert (True, False, True) == (missing, listening, owner.is_gone())


def test_stale_owner(used):
    """What an owner that was killed has left behind is no obstacle."""
    hint = used.state.with_name("state.sqlite.owner.json")
    hint.write_text('{"pid": 1, "socket": "/nowhere/x.sock", "command": "stepwell run gone.py", "version": "0.1.0"}')

    assert 0 == used.run("run", "order.py", "-q").code
    assert not hint.exists()
