"""Addresses and databases that cannot be used: each command says what it found and what helps, and writes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cluster import running_cluster

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cluster import Cluster

ASKS_FOR_PASSWORD = "host all keeper 127.0.0.1/32 scram-sha-256\nlocal all all trust\nhost all all 127.0.0.1/32 trust\n"
PREPARE = (
    "CREATE ROLE keeper LOGIN PASSWORD 'right'",
    "CREATE ROLE guest LOGIN",
    "CREATE SCHEMA theirs",
    "CREATE TABLE theirs.log (line text)",
    "CREATE SCHEMA alike",
    "CREATE TABLE alike.meta (version text, min_writer text)",
    "INSERT INTO alike.meta VALUES ('one', 'two')",
    "CREATE SCHEMA closed",
)
LOGIN = "Check the user and the password in the address"
RIGHTS = "Grant the role CREATE on the database, or make the schema and give it to the role"
OTHER_SCHEMA = "Give another one with ?schema=NAME in the address"
UNREACHABLE = "Check that it runs, and the address after --state"


@pytest.fixture(scope="module")
def database() -> Iterator[Cluster]:
    """A database that is wrong in several ways."""
    with running_cluster() as found:
        for sql in PREPARE:
            found.query(sql)
        (found.folder / "data" / "pg_hba.conf").write_text(ASKS_FOR_PASSWORD)
        found.query("SELECT pg_reload_conf()")
        yield found


def contents(database: Cluster) -> str:
    """All schemas, and all tables but PostgreSQL's own."""
    tables = "SELECT oid::regclass::text FROM pg_class WHERE relnamespace > 16383 AND relkind = 'r'"
    return database.query(f"SELECT nspname FROM pg_namespace WHERE oid > 16383 UNION ALL {tables} ORDER BY 1")


@pytest.mark.parametrize(
    ("address", "found", "remedy"),
    [
        ("keeper:wrong@/postgres", 'password authentication failed for user "keeper"', LOGIN),
        ("keeper@/postgres", "client password must be a string", LOGIN),
        ("nobody@/postgres", 'role "nobody" does not exist', "Check the user in the address"),
        ("postgres@/nowhere", 'database "nowhere" does not exist', "Make the database, or give another one"),
        ("guest@/postgres?schema=new", "permission denied for database postgres", RIGHTS),
        ("guest@/postgres?schema=closed", "permission denied for schema closed", RIGHTS),
        ("postgres@/postgres?schema=theirs", "tables that are not Stepwell's (log)", OTHER_SCHEMA),
        ("postgres@/postgres?schema=alike", "tables that are not Stepwell's (meta)", OTHER_SCHEMA),
        ("postgres@/postgres?sslmode=require", "The server does not support SSL connections", "Set ssl = on"),
    ],
)
def test_refused(database, machine, address, found, remedy):
    """What an engine, a copy and the examination say of an address: that it cannot be used, and why."""
    state = f"postgres://{address}".replace("@", f"@127.0.0.1:{database.port}")
    before = contents(database)

    run = machine.run("run", "flow.mjs", "--state", state)
    copied = machine.run("state", "copy", state, "copy.sqlite")
    examined = machine.run("doctor", "--state", state)

    assert (2, 2, 1) == (run.code, copied.code, examined.code), run.err + copied.err + examined.out
    for said in (run.err, copied.err):
        assert found in said
        assert remedy in said
    assert remedy in examined.out
    assert "wrong@" not in run.err + copied.err + examined.out + examined.err
    assert before == contents(database)
    assert not (machine.folder / "copy.sqlite").exists()
    assert machine.ran() == []


@pytest.mark.parametrize("host", ["no-such-host.invalid", "127.0.0.1:1"])
def test_unreachable(machine, host):
    """Names that mean no machine, and machines without a database."""
    state = f"postgres://postgres@{host}/postgres"

    run = machine.run("run", "flow.mjs", "--state", state)
    examined = machine.run("doctor", "--state", state)

    assert (2, 1) == (run.code, examined.code)
    for said in (run.err, examined.out):
        assert "database does not answer" in said
        assert UNREACHABLE in said


def test_a_schema_that_was_made_for_the_role(database, machine):
    """A role that may make no schema uses one that an administrator has given to it, as the refusal says."""
    database.query("CREATE SCHEMA given AUTHORIZATION guest")
    state = database.address(user="guest", schema="given")

    examined = machine.run("doctor", "--state", state)
    run = machine.run("run", "flow.mjs", "--id", "a", "--quiet", "--state", state)

    assert "schema given has no tables yet; they will be made" in examined.out
    assert (0, '"done"\n') == (run.code, run.out), run.err
