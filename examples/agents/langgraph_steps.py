"""
LangGraph in a workflow: a checkpointer whose operations are steps, and nodes that are steps.

`StepSaver` keeps checkpoints in an SQLite file of its own, so that a thread goes on in another instance. In a replay it
gives what it gave before and touches nothing. `as_step` makes a node a step: it is not run again after a crash.

For runtime cpython: LangGraph's dependencies have no wheels for Pyodide.
"""

import base64
import sqlite3
from contextlib import closing
from functools import wraps

from langgraph.checkpoint.base import (
    WRITES_IDX_MAP,
    BaseCheckpointSaver,
    CheckpointTuple,
    get_checkpoint_id,
    get_checkpoint_metadata,
)
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

TABLES = """
CREATE TABLE IF NOT EXISTS checkpoints (
    thread TEXT, ns TEXT, id TEXT, parent TEXT, run TEXT, checkpoint TEXT, metadata TEXT, PRIMARY KEY (thread, ns, id)
);
CREATE TABLE IF NOT EXISTS writes (
    thread TEXT, ns TEXT, id TEXT, task TEXT, number INTEGER, channel TEXT, value TEXT,
    PRIMARY KEY (thread, ns, id, task, number)
);
"""


class StepSaver(BaseCheckpointSaver):
    """Checkpoints in the SQLite file at *path*, each operation a step of the workflow's *step*."""

    def __init__(self, step, path):
        super().__init__(serde=JsonPlusSerializer())
        self._step = step
        self._path = path
        # A replay makes checkpoints with other IDs than the run made: the recorded ones hold.
        self._recorded_id = {}

    async def aput(self, config, checkpoint, metadata, new_versions):  # noqa: ARG002 - the signature of the base
        """Store a checkpoint."""
        thread, ns, parent = self._place(config)
        metadata = get_checkpoint_metadata(config, metadata)
        row = [
            thread,
            ns,
            checkpoint["id"],
            parent,
            metadata.get("run_id"),
            self._dump(checkpoint),
            self._dump(metadata),
        ]

        def put(db):
            db.execute("INSERT OR REPLACE INTO checkpoints VALUES (?, ?, ?, ?, ?, ?, ?)", row)
            return checkpoint["id"]

        recorded = await self._run("put", put)
        self._recorded_id[checkpoint["id"]] = recorded
        return {"configurable": {"thread_id": thread, "checkpoint_ns": ns, "checkpoint_id": recorded}}

    async def aput_writes(self, config, writes, task_id, task_path=""):  # noqa: ARG002 - as above
        """Store what a node has written, before its checkpoint is there."""
        thread, ns, checkpoint = self._place(config)
        rows = [
            [thread, ns, checkpoint, task_id, WRITES_IDX_MAP.get(channel, number), channel, self._dump(value)]
            for number, (channel, value) in enumerate(writes)
        ]
        way = "REPLACE" if all(channel in WRITES_IDX_MAP for channel, _ in writes) else "IGNORE"
        sql = f"INSERT OR {way} INTO writes VALUES (?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 - one of two words
        await self._run("put_writes", lambda db: db.executemany(sql, rows) and None)

    async def aget_tuple(self, config):
        """Read a checkpoint, or the newest one of the thread."""
        thread, ns, checkpoint = self._place(config)
        where, values = "thread = ? AND ns = ?", [thread, ns]
        if checkpoint:
            where, values = f"{where} AND id = ?", [*values, checkpoint]
        found = await self._run("get_tuple", lambda db: self._read(db, where, values, limit=1))
        return self._to_tuple(found[0]) if found else None

    async def alist(self, config, *, filter=None, before=None, limit=None):  # noqa: A002 - as above
        """List checkpoints, newest first."""
        conditions, values = ["1"], []
        for column, key in (("thread", "thread_id"), ("ns", "checkpoint_ns"), ("id", "checkpoint_id")):
            if config and config["configurable"].get(key) is not None:
                conditions.append(f"{column} = ?")
                values.append(config["configurable"][key])
        if before and get_checkpoint_id(before):
            conditions.append("id < ?")
            values.append(get_checkpoint_id(before))
        found = await self._run("list", lambda db: self._read(db, " AND ".join(conditions), values))
        tuples = [self._to_tuple(row) for row in found]
        wanted = (filter or {}).items()
        for each in [each for each in tuples if all(each.metadata.get(key) == value for key, value in wanted)][:limit]:
            yield each

    async def adelete_thread(self, thread_id):
        """Delete a thread."""
        await self._run("delete_thread", lambda db: delete(db, "thread = ?", [thread_id]))

    async def adelete_for_runs(self, run_ids):
        """Delete what runs have made."""

        def delete_runs(db):
            for run in run_ids:
                for row in db.execute("SELECT thread, ns, id FROM checkpoints WHERE run = ?", [run]).fetchall():
                    delete(db, "thread = ? AND ns = ? AND id = ?", row)

        await self._run("delete_for_runs", delete_runs)

    async def acopy_thread(self, source_thread_id, target_thread_id):
        """Copy a thread."""

        def copy(db):
            for table, columns in (
                ("checkpoints", "ns, id, parent, run, checkpoint, metadata"),
                ("writes", "ns, id, task, number, channel, value"),
            ):
                sql = f"INSERT OR REPLACE INTO {table} SELECT ?, {columns} FROM {table} WHERE thread = ?"  # noqa: S608
                db.execute(sql, [target_thread_id, source_thread_id])

        await self._run("copy_thread", copy)

    async def aprune(self, thread_ids, *, strategy="keep_latest"):
        """Delete all checkpoints of threads but the newest of each namespace; or all of them."""

        def prune(db):
            for thread in thread_ids:
                newest = "SELECT ns, max(id) FROM checkpoints WHERE thread = ? GROUP BY ns"
                kept = db.execute(newest, [thread]).fetchall() if strategy == "keep_latest" else [(None, None)]
                for ns, checkpoint in kept:
                    where = "thread = ?" if ns is None else "thread = ? AND ns = ? AND id <> ?"
                    delete(db, where, [thread] if ns is None else [thread, ns, checkpoint])

        await self._run("prune", prune)

    async def _run(self, name, operate):
        @self._step.do(f"langgraph {name}")
        async def operation():
            with closing(sqlite3.connect(self._path)) as db, db:
                db.executescript(TABLES)
                return operate(db)

        return await operation()

    def _place(self, config):
        given = config["configurable"]
        checkpoint = get_checkpoint_id(config)
        return given["thread_id"], given.get("checkpoint_ns", ""), self._recorded_id.get(checkpoint, checkpoint)

    def _read(self, db, where, values, limit=-1):
        columns = "thread, ns, id, parent, checkpoint, metadata"
        sql = f"SELECT {columns} FROM checkpoints WHERE {where} ORDER BY id DESC LIMIT {limit}"  # noqa: S608 - ours
        rows = [list(row) for row in db.execute(sql, values).fetchall()]
        pending = "SELECT task, channel, value FROM writes WHERE thread = ? AND ns = ? AND id = ? ORDER BY task, number"
        return [[*row, [list(each) for each in db.execute(pending, row[:3]).fetchall()]] for row in rows]

    def _to_tuple(self, row):
        thread, ns, checkpoint_id, parent, checkpoint, metadata, writes = row
        place = {"thread_id": thread, "checkpoint_ns": ns}
        return CheckpointTuple(
            {"configurable": {**place, "checkpoint_id": checkpoint_id}},
            self._load(checkpoint),
            self._load(metadata),
            {"configurable": {**place, "checkpoint_id": parent}} if parent else None,
            [(task, channel, self._load(value)) for task, channel, value in writes],
        )

    def _dump(self, value):
        return dump(self.serde, value)

    def _load(self, text):
        return load(self.serde, text)


def as_step(step, node, serde=None):
    """Make *node*, an async function of the state, a step of that name."""
    serde = serde or JsonPlusSerializer()

    @wraps(node)
    async def run_node(state):
        @step.do(f"node {node.__name__}")
        async def run():
            return dump(serde, await node(state))

        return load(serde, await run())

    return run_node


def delete(db, where, values):
    """Delete checkpoints and their writes."""
    for table in ("checkpoints", "writes"):
        db.execute(f"DELETE FROM {table} WHERE {where}", values)  # noqa: S608 - ours


def dump(serde, value):
    """Write *value* as text that a step can give."""
    kind, data = serde.dumps_typed(value)
    return f"{kind}:{base64.b64encode(data).decode()}"


def load(serde, text):
    """Read what `dump` has written."""
    kind, _, data = text.partition(":")
    return serde.loads_typed((kind, base64.b64decode(data)))
