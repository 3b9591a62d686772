"""A state in PostgreSQL: the commands, copies, and what is refused."""

from __future__ import annotations

import sqlite3

import pytest


def rows_of(path):
    """All tables of a state's file as text, without the place of log entries in the file."""
    with sqlite3.connect(path) as db:
        names = [name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")]
        tables = {}
        for name in names:
            columns = [row[1] for row in db.execute(f"PRAGMA table_info({name})") if (name, row[1]) != ("log", "id")]
            if columns and not name.startswith("sqlite_"):
                listed = ", ".join(f'"{column}"' for column in columns)
                # A count that has become 0 says nothing.
                chosen = "WHERE n > 0" if name == "instance_counts" else ""
                tables[name] = sorted(map(repr, db.execute(f"SELECT {listed} FROM {name} {chosen}")))
    return tables


def test_run(cluster, machine):
    """An instance runs to its end, and the next command finds it."""
    state = cluster.address()

    done = machine.run("run", "flow.mjs", "--id", "a", "--quiet", "--state", state)
    again = machine.run("run", "flow.mjs", "--id", "a", "--quiet", "--state", state)
    listed = machine.run("workflows", "instances", "list", "Flow", "--json", "--state", state)

    assert (0, '"done"\n') == (done.code, done.out), done.err
    assert (0, '"done"\n') == (again.code, again.out)
    assert list(range(100)) == machine.ran()
    assert [("a", "complete")] == [(row["id"], row["status"]) for row in listed.json]
    assert not (machine.folder / ".stepwell").exists()


def test_log_is_whole(cluster, machine):
    """The database has each log entry, without a gap, and the slot of each instance."""
    machine.run("run", "flow.mjs", "--id", "a", "--quiet", "--state", cluster.address(schema="whole"))

    tail = "max(seq + (next IS NOT NULL)::int)"
    counted = "sum(1 + (next IS NOT NULL)::int)"
    assert "t" == cluster.query(f"SELECT {tail} = {counted} FROM whole.log")
    assert "100" == cluster.query("SELECT count(*) FROM whole.log WHERE next = 6")
    assert "0" == cluster.query("SELECT count(*) FROM whole.instances WHERE slot NOT BETWEEN 0 AND 4095")


def test_copies_are_identical(cluster, machine):
    """A state goes from a file to PostgreSQL and back, and nothing differs: characters that PostgreSQL has not, too."""
    machine.run("run", "flow.mjs", "--id", "a", "--quiet", "--state", "one.sqlite")
    with sqlite3.connect(machine.folder / "one.sqlite") as db:
        db.execute("UPDATE output SET text = ?", ("a\0b \x01",))
    there = cluster.address()

    to = machine.run("state", "copy", "one.sqlite", there)
    back = machine.run("state", "copy", there, "two.sqlite")

    assert (0, 0) == (to.code, back.code), to.err + back.err
    one = rows_of(machine.folder / "one.sqlite")
    assert one == rows_of(machine.folder / "two.sqlite")
    assert "a\\x00b \\x01" in one["output"][0]
    assert len(one["log"]) > 100


def test_a_copied_state_goes_on(cluster, machine):
    """A state that was copied is used as any other, and gives no number twice."""
    machine.run("run", "flow.mjs", "--id", "a", "--quiet", "--state", "one.sqlite")
    machine.run("state", "copy", "one.sqlite", cluster.address(schema="copied"))

    done = machine.run("run", "flow.mjs", "--id", "b", "--quiet", "--state", cluster.address(schema="copied"))

    assert 0 == done.code, done.err
    assert "2" == cluster.query("SELECT count(DISTINCT number) FROM copied.instances")


def test_a_copy_replaces_nothing(cluster, machine):
    """A target that has a state is refused."""
    machine.run("run", "flow.mjs", "--id", "a", "--quiet", "--state", "one.sqlite")
    there = cluster.address()
    machine.run("state", "copy", "one.sqlite", there)

    again = machine.run("state", "copy", "one.sqlite", there)
    other = machine.run("state", "copy", there, "one.sqlite")

    assert (2, 2) == (again.code, other.code)
    assert "it has a state already. Give another schema." in again.err
    assert "it exists. Give another path." in other.err


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("postgres://x:secret@127.0.0.1:1/none", "its database does not answer"),
        ("postgres://x:secret@127.0.0.1:1/none?schema=A%20B", "its schema is 'A B'"),
        ("postgres://x:secret@127.0.0.1:1/none?lease_ms=soon", "its lease_ms is 'soon'"),
    ],
)
def test_addresses(machine, address, message):
    """A database that cannot be reached, or an address that means nothing, is a mistake of the user's."""
    done = machine.run("run", "flow.mjs", "--state", address)

    assert 2 == done.code, done.err
    assert message in done.err
    assert "secret" not in done.err


def test_database_that_does_not_exist(cluster, machine):
    done = machine.run("run", "flow.mjs", "--state", cluster.address().replace("/postgres?", "/nowhere?"))

    assert 2 == done.code
    assert 'database "nowhere" does not exist' in done.err


def test_role_without_rights(cluster, machine):
    """The error says what the role may not do."""
    cluster.query("CREATE ROLE reader LOGIN")

    done = machine.run("run", "flow.mjs", "--state", cluster.address(user="reader"))

    assert 2 == done.code
    assert "permission denied for database postgres" in done.err


def test_newer_format(cluster, machine):
    """A ledger that only newer versions may write is refused, and not changed."""
    state = cluster.address(schema="newer")
    machine.run("run", "flow.mjs", "--id", "a", "--quiet", "--state", state)
    cluster.query("UPDATE newer.meta SET version = 9, min_writer = 9")

    done = machine.run("run", "flow.mjs", "--id", "a", "--state", state)

    assert 2 == done.code
    assert "it has ledger format 9, which this version of Stepwell cannot write" in done.err


def test_isolation_of_the_database(cluster, machine):
    """The engine sets the level that its fence needs, whatever the database has as its default."""
    cluster.query("ALTER DATABASE postgres SET default_transaction_isolation = 'repeatable read'")
    try:
        done = machine.run("run", "flow.mjs", "--id", "a", "--quiet", "--state", cluster.address())
    finally:
        cluster.query("ALTER DATABASE postgres RESET default_transaction_isolation")

    assert (0, '"done"\n') == (done.code, done.out), done.err


def test_read_only_database(cluster, machine):
    """A standby, or a database that an administrator has closed, is said to be unavailable."""
    cluster.query("ALTER DATABASE postgres SET default_transaction_read_only = on")
    try:
        done = machine.run("run", "flow.mjs", "--id", "a", "--state", cluster.address())
    finally:
        # The setting is for new sessions, this one included.
        cluster.query("BEGIN READ WRITE; ALTER DATABASE postgres RESET default_transaction_read_only; COMMIT")

    assert 2 == done.code
    assert "read-only transaction" in done.err


def test_durable_objects_are_refused(cluster, machine):
    """They keep files on one machine, which another engine would not find."""
    machine.write(
        "objects.mjs",
        """
        import { DurableObject } from "cloudflare:workers";

        export class Counter extends DurableObject {}

        export default { fetch: () => new Response("ok") };
        """,
    )
    machine.write(
        "wrangler.json",
        """
        {
          "name": "objects",
          "main": "objects.mjs",
          "durable_objects": { "bindings": [{ "name": "COUNTER", "class_name": "Counter" }] },
          "migrations": [{ "tag": "v1", "new_sqlite_classes": ["Counter"] }]
        }
        """,
    )

    done = machine.run("serve", ".", "--state", cluster.address())

    assert 2 == done.code, done.out + done.err
    assert "has Durable Objects (Counter)" in done.err


def test_doctor(cluster, machine):
    """It says what the database is like and who runs the state, and changes nothing."""
    state = cluster.address(schema="examined")
    before = machine.run("doctor", "--json", "--state", state)
    assert "0" == cluster.query("SELECT count(*) FROM information_schema.schemata WHERE schema_name = 'examined'")
    machine.run("run", "flow.mjs", "--id", "a", "--quiet", "--state", state)
    after = machine.run("doctor", "--json", "--state", state)

    assert (0, 0) == (before.code, after.code), before.err + after.err
    found = {finding["name"]: finding["found"] for finding in after.json["findings"]}
    assert "schema examined does not exist yet" in before.out
    assert "schema examined, ledger format 5" == found["State"]
    assert found["Database"].startswith("PostgreSQL 1")
    assert "fsync on, no synchronous standby" == found["Durability"]
    assert "no engine runs" == found["Engines"]


def test_doctor_finds_what_is_wrong(cluster, machine):
    """A role that may make nothing, and a default that engines have to change."""
    cluster.query("CREATE ROLE visitor LOGIN")
    cluster.query("ALTER ROLE visitor SET default_transaction_isolation = 'serializable'")

    done = machine.run("doctor", "--state", cluster.address(user="visitor"))

    assert 1 == done.code
    assert "Grant the role CREATE on the database" in done.out
    assert "default_transaction_isolation is 'serializable'; engines set it" in done.out
