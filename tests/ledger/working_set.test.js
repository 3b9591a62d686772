/** What a commit of the working set brings to its ledger: all that it has changed, and nothing else. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { DatabaseSync } from "node:sqlite";
import { Engine } from "../../js/engine/engine.js";
import { WORKFLOW_SUCCESS } from "../../js/engine/events.js";
import { batchOf } from "../../js/ledger/batch.js";
import { AttachedLedger } from "../../js/ledger/attached_ledger.js";
import { tablesOf } from "../../js/ledger/copy.js";
import { TABLES } from "../../js/ledger/tables.js";
import { WorkingSet } from "../../js/ledger/working_set.js";
import { SqliteStore } from "../../js/store/sqlite.js";
import { ManualClock } from "../../conformance/manual_clock.js";
import { FakeGuest } from "../engine/fake_guest.js";
import { MemoryDatabase, MemoryLedger } from "./memory_ledger.js";

/** @import { Change } from "../../js/ledger/ledger.d.ts" */
/** @import { Run } from "../engine/fake_guest.js" */

const WORKFLOW = {
  name: "flow",
  className: "Flow",
  root: ".",
  main: "f.py",
  vars: "{}",
  versionId: "v1",
  stepLimit: null,
};

const NOTHING = {
  scriptName: null,
  bindings: null,
  env: null,
  secrets: null,
  runtime: null,
  concurrency: null,
  successRetention: null,
  errorRetention: null,
};

/** What is one SQLite file's own. */
const LEFT_OUT = { log: ["id"] };

test("a ledger has every table and every column that the store has", () => {
  const db = new DatabaseSync(":memory:");
  const store = new SqliteStore(db);
  const names = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'").all();
  const kept = Object.fromEntries(
    names
      .filter(({ name }) => !["instance_counts", "objects"].includes(String(name)))
      .map(({ name }) => {
        const columns = db.prepare("SELECT name, type FROM pragma_table_info(?)").all(String(name));
        const left = LEFT_OUT[/** @type {keyof typeof LEFT_OUT} */ (name)] ?? [];
        const types = columns
          .filter((column) => !left.includes(String(column.name)))
          .map((column) => [column.name, column.type === "INTEGER" ? "bigint" : "text"]);
        return [name, Object.fromEntries(types)];
      }),
  );
  store.close();

  assert.deepEqual(Object.fromEntries(Object.entries(TABLES).map(([name, { columns }]) => [name, columns])), kept);
});

/** @param {(store: WorkingSet) => void} write @param {(store: WorkingSet) => void} [before] what is in the state already */
function changesOf(write, before = () => {}) {
  /** @type {Change[]} */
  const found = [];
  const store = new WorkingSet((changes) => found.push(...changes));
  store.begin();
  before(store);
  store.commit();
  found.length = 0;
  store.begin();
  write(store);
  store.commit();
  store.close();
  const last = [...batchOf(found).values()].flatMap((rows) => [...rows.values()]);
  return last.map(({ table, keys, row }) => `${table} ${keys.join(" ")}${row ? "" : " deleted"}`).sort();
}

/** @param {WorkingSet} store @param {string} id */
const create = (store, id) =>
  store.instanceCreated({ number: 7, workflow: "flow", id, params: "{}", trigger: 0, versionId: "v" }, 1);

test("what is inserted and then changed is one row", () => {
  const changes = changesOf((store) => {
    const log = /** @type {import("../../js/store/store.d.ts").LogCursor} */ (create(store, "a"));
    store.instanceStarted(log, 2);
  });

  assert.deepEqual(changes, ["instances 7", "log 7 1", "log 7 2"]);
});

test("a row that is deleted is named by its key, and rows of triggers are left out", () => {
  const changes = changesOf(
    (store) => store.instanceDeleted(7),
    (store) => create(store, "a"),
  );

  assert.deepEqual(changes, ["instances 7 deleted", "log 7 1 deleted"]);
});

test("a new row with the number of a deleted one is not that row", () => {
  const changes = changesOf(
    (store) => {
      store.instanceRestarted(/** @type {any} */ (store.loadInstance("flow", "a")), 3);
    },
    (store) => store.instanceStarted(/** @type {any} */ (create(store, "a")), 2),
  );

  assert.deepEqual(changes, ["instances 7", "log 7 1 deleted", "log 7 2 deleted", "log 7 4"]);
});

test("of a row that is deleted and inserted again with another number, the new one counts", () => {
  /** @type {Change[]} */
  const found = [];
  const store = new WorkingSet((changes) => found.push(...changes));
  store.begin();
  for (const id of [1, 2, 3])
    store.sql("INSERT INTO log (id, instance, seq, event, at) VALUES (?, 7, ?, 0, 0)").run(id, id);
  store.commit();
  found.length = 0;
  store.begin();
  for (const id of [1, 2, 3]) {
    store.sql("DELETE FROM log WHERE id = ?").run(id);
    store.sql("INSERT INTO log (id, instance, seq, event, at) VALUES (?, 7, ?, 1, 0)").run(id + 97, id);
  }
  store.commit();
  store.close();

  const events = [...(batchOf(found).get("log")?.values() ?? [])].map(({ row }) => row?.[2]);
  assert.deepEqual(events, [1, 1, 1]);
});

test("a transaction that is rolled back brings nothing, and neither does one that changes nothing", () => {
  const changes = changesOf((store) => {
    create(store, "a");
    store.rollback();
    store.begin();
  });

  assert.deepEqual(changes, []);
});

test("a row that all engines have in common and that is written as it was is no change", () => {
  const save = (/** @type {WorkingSet} */ store, versionId = "v1") =>
    store.saveWorkflow({ ...NOTHING, ...WORKFLOW, versionId, createdOn: 1, modifiedOn: 1 });

  assert.deepEqual(changesOf(save, save), []);
  assert.deepEqual(
    changesOf((store) => save(store, "v2"), save),
    ["versions flow v2", "workflows flow"],
  );
});

for (const [what, text] of Object.entries({
  "removes rows that it does not name": "INSERT OR REPLACE INTO trace_outbox (instance) VALUES (1)",
  "gives a row another key": "UPDATE instances SET status = 'queued', number = 8 WHERE number = 7",
  "begins with something else": "WITH a AS (SELECT 1) DELETE FROM log",
})) {
  test(`a statement that ${what} is refused: the ledger would not hear of it`, () => {
    const store = new WorkingSet(() => {});

    assert.throws(() => store.sql(text), /cannot be recorded/);
    store.close();
  });
}

test("triggers change no table that the ledger has: what they change is not recorded", () => {
  const db = new DatabaseSync(":memory:");
  const store = new SqliteStore(db);
  const triggers = db.prepare("SELECT sql FROM sqlite_schema WHERE type = 'trigger'").all();
  const bodies = triggers.map(({ sql }) => String(sql).slice(String(sql).indexOf("BEGIN")));
  const changed = bodies.flatMap((body) => [...body.matchAll(/(?:INSERT INTO|UPDATE|DELETE FROM) (\w+)/g)]);
  store.close();

  assert.ok(changed.length > 0);
  assert.deepEqual(
    changed.map(([, table]) => table).filter((table) => table in TABLES),
    [],
  );
});

test("places in the outbox of traces are an engine's own, also after it has taken in those of another one", () => {
  const store = new WorkingSet(() => {});
  store.countFor(5);
  store.traceOutbox.isUsed = true;
  const theirs = 7 * 2 ** 28 + 1;
  store.adopt(new Map([["trace_outbox", [[theirs, 70]]]]));
  store.begin();
  store.traceOutbox.appended(50, WORKFLOW_SUCCESS);
  store.commit();

  const ids = store.traceOutbox.load(10).map(({ id }) => id);
  store.close();
  assert.deepEqual(ids, [5 * 2 ** 28 + 1, theirs]);
});

/** An engine on a ledger, with a manual clock. */
class LedgerEngine {
  clock = new ManualClock();
  database = new MemoryDatabase({ now: () => this.clock.now() });

  /** @param {Run} run */
  constructor(run) {
    this.guest = new FakeGuest(run);
  }

  async open() {
    const { clock } = this;
    const opening = AttachedLedger.attach(new MemoryLedger(this.database), {
      clock,
      name: "one",
      leaseMs: 10_000,
      onheld: () => true,
    });
    this.attached = await opening;
    const { store, acknowledge, nextNumber } = this.attached;
    this.engine = new Engine({
      store,
      acknowledge,
      nextNumber,
      clock,
      newId: () => "generated",
      defer: setImmediate,
      guestFor: async () => this.guest,
      onproblem: ({ error }) => assert.fail(/** @type {Error} */ (error)),
      keepParked: 0,
    });
    this.engine.open();
    await this.engine.saveWorkflow(WORKFLOW);
    return { engine: this.engine, attached: this.attached };
  }

  async settle() {
    for (let i = 0; i < 30; i++) await new Promise((resolve) => setImmediate(resolve));
  }

  /** @param {number} ms */
  async pass(ms) {
    await this.settle();
    await this.clock.moveTo(this.clock.now() + ms, () => this.settle());
    await this.settle();
  }
}

/** All tables of a state, as text. @param {WorkingSet} store */
async function dump(store) {
  /** @type {Record<string, string[]>} */
  const tables = {};
  for (const table of Object.keys(TABLES)) {
    tables[table] = [];
    for await (const rows of tablesOf(store.driver)(table))
      tables[table].push(...rows.map((row) => JSON.stringify(row)));
  }
  return tables;
}

test("whatever an engine does, its ledger has what its working set has", async () => {
  const h = new LedgerEngine(async (event, step) => {
    const first = await step.do("first", () => "a\0b");
    await step.sleep("nap", 1000);
    const { payload } = await step.waitForEvent("wait", { type: "go", timeout: 60_000 });
    if (event.payload.fails) throw new Error("it fails");
    return [first, payload];
  });
  const { engine, attached } = await h.open();
  const { creator, commands } = engine;
  for (const id of ["a", "b", "c", "d", "e"])
    await creator.create("flow", { id, params: JSON.stringify({ fails: id === "b" }) });
  await h.pass(2000);
  for (const id of ["a", "b"]) await commands.sendEvent("flow", id, "go", '"sent"');
  await h.pass(10);
  await commands.pause("flow", "c");
  await h.pass(500);
  await commands.resume("flow", "c");
  await commands.terminate("flow", "d");
  await commands.restart("flow", "a", { name: "wait", type: "waitForEvent" });
  await commands.restart("flow", "b");
  await h.pass(2000);
  await commands.delete("flow", "e");
  await creator.create("flow", { id: "e", params: "{}" });
  await commands.sendEvent("flow", "a", "go", '"again"');
  await h.pass(2000);
  await attached.drained();

  const other = new WorkingSet(() => {});
  await other.load({
    async *readTable(table) {
      yield h.database.rows(table);
    },
  });

  assert.deepEqual(await dump(other), await dump(attached.store));
  assert.equal((await engine.get("flow", "a")).status, "complete");
  assert.ok(h.database.rows("log").length > 30);
  engine.close();
});

test("the next engine continues from what the ledger has", async () => {
  /** @type {string[]} */
  const ran = [];
  const h = new LedgerEngine(async (_event, step) => {
    await step.do("first", () => ran.push("first"));
    await step.sleep("nap", 1000);
    await step.do("second", () => ran.push("second"));
    return "done";
  });
  const { engine, attached } = await h.open();
  await engine.creator.create("flow", { id: "a" });
  await h.settle();
  // It is killed: nothing of it is written any more, and its connection is gone.
  attached.fence("killed");
  engine.commits.abandon();
  engine.close();
  h.clock.clear();
  /** @type {any} */ (h.database.engines.get(1)).connected = false;
  h.guest = new FakeGuest(h.guest.run);

  const { engine: next } = await h.open();
  await h.pass(2000);

  assert.deepEqual(ran, ["first", "second"]);
  assert.equal((await next.get("flow", "a")).output, '"done"');
  next.close();
});
