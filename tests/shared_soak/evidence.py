"""What really happened: noted by the database itself and by the steps, past the engines."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from load import COMMANDED

if TYPE_CHECKING:
    from pathlib import Path

    from cluster import Cluster

SCHEMA = "soak"
ONCE = "once"
"""The name of the step that is never retried."""

WITNESS = f"""
    CREATE TABLE {SCHEMA}.witnessed_deaths (process bigint, at double precision);
    CREATE TABLE {SCHEMA}.witnessed_ends (instance bigint, step text, at double precision);
    CREATE FUNCTION {SCHEMA}.witness_death() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      INSERT INTO {SCHEMA}.witnessed_deaths
        VALUES (substring(NEW.name FROM 'process ([0-9]+)')::bigint, extract(epoch FROM clock_timestamp()));
      RETURN NULL;
    END $$;
    CREATE FUNCTION {SCHEMA}.witness_end() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      INSERT INTO {SCHEMA}.witnessed_ends VALUES (NEW.instance, NEW.name, extract(epoch FROM clock_timestamp()));
      RETURN NULL;
    END $$;
    CREATE TRIGGER witness AFTER UPDATE OF dead ON {SCHEMA}.engines FOR EACH ROW
      WHEN (NEW.dead AND NOT OLD.dead) EXECUTE FUNCTION {SCHEMA}.witness_death();
    CREATE TRIGGER witness AFTER INSERT ON {SCHEMA}.log FOR EACH ROW
      WHEN (6 IN (NEW.event, NEW.next)) EXECUTE FUNCTION {SCHEMA}.witness_end();
"""
"""Triggers that note when an engine was declared dead, and when a step has succeeded: in the same transaction."""


class Start(NamedTuple):
    """A step has begun."""

    at: float
    process: int
    instance: str
    step: str


def starts(ran: Path) -> list[Start]:
    """All of them, in order."""
    found = []
    for line in ran.read_text().splitlines():
        at, process, instance, step = line.split()
        found.append(Start(float(at) / 1000, int(process), instance, step))
    return found


def begun_again(cluster: Cluster, all_starts: list[Start]) -> list[Start]:
    """
    Starts of steps that had succeeded before, of engines that were alive.

    An engine that was declared dead and does not know it yet may begin an attempt. It has no result.
    """
    ended: dict[tuple[str, str], float] = {}
    ends = f"SELECT i.id, w.step, min(w.at) FROM {SCHEMA}.witnessed_ends AS w JOIN {SCHEMA}.instances AS i"
    for line in cluster.query(f"{ends} ON i.number = w.instance GROUP BY 1, 2").splitlines():
        instance, step, at = line.split("|")
        ended[instance, step] = float(at)
    dead = {}
    for line in cluster.query(f"SELECT process, at FROM {SCHEMA}.witnessed_deaths").splitlines():
        process, at = line.split("|")
        dead[int(process)] = float(at)
    never = float("inf")
    return [
        start
        for start in all_starts
        if start.at > ended.get((start.instance, start.step), never) and start.at < dead.get(start.process, never)
    ]


def has_witnessed(cluster: Cluster) -> bool:
    """Whether the triggers have seen engines die and steps succeed: without them nothing would be found."""
    tables = ("witnessed_deaths", "witnessed_ends")
    return all(cluster.query(f"SELECT count(*) > 0 FROM {SCHEMA}.{table}") == "t" for table in tables)


def begun_twice(all_starts: list[Start]) -> list[str]:
    """Instances whose step without retries has begun more than once."""
    counts = Counter(start.instance for start in all_starts if start.step == ONCE)
    return [instance for instance, count in counts.items() if count > 1]


def gaps(cluster: Cluster) -> str:
    """Instances whose log leaves out a number, with the numbers that it has. A restart goes on counting."""
    entries = "log.seq || coalesce('+' || log.next, '') || ':' || event"
    last = "max(seq + (next IS NOT NULL)::int)"
    return cluster.query(
        f"SELECT id, number, string_agg({entries}, ' ' ORDER BY seq) FROM {SCHEMA}.log JOIN {SCHEMA}.instances "
        f"ON number = instance GROUP BY id, number HAVING {last} - min(seq) + 1 <> sum(1 + (next IS NOT NULL)::int) "
        f"OR (min(seq) <> 1 AND id NOT LIKE '{COMMANDED}%')"
    )


def succeeded_twice(cluster: Cluster) -> str:
    """Steps that have two results."""
    return cluster.query(
        f"SELECT instance, name FROM {SCHEMA}.log WHERE 6 IN (event, next) GROUP BY instance, name HAVING count(*) > 1"
    )


def statuses(cluster: Cluster) -> dict[str, str]:
    rows = cluster.query(f"SELECT id, status FROM {SCHEMA}.instances").splitlines()
    return {name: status for name, _, status in (row.partition("|") for row in rows)}


def payloads(cluster: Cluster) -> set[str]:
    """Of all events that are kept."""
    return set(cluster.query(f"SELECT payload FROM {SCHEMA}.events").splitlines())
