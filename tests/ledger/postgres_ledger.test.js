/** The ledger on PostgreSQL's own code, as PGlite brings it. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { batchOf } from "../../js/ledger/batch.js";
import { TABLES } from "../../js/ledger/tables.js";
import { PostgresLedger } from "../../js/ledger/postgres/postgres_ledger.js";
import { LEDGER_VERSION, MIGRATIONS } from "../../js/ledger/postgres/schema.js";
import { database } from "./one_pglite.js";
import { entry, gone, instance, row } from "./rows.js";

// The tests of engines that share a state use the same PostgreSQL.
import "./shared_postgres.js";

const LEASE_MS = 10_000;
let schemas = 0;

/** An empty ledger of its own, with an engine in it. */
async function newLedger() {
  const ledger = new PostgresLedger(database.connect, {
    schema: `test ${++schemas}`,
    allowsVolatile: true,
    now: () => 1e9,
  });
  await ledger.open();
  return { ledger, me: await ledger.join("one", LEASE_MS) };
}

/** @param {PostgresLedger} ledger @param {string} table */
async function read(ledger, table) {
  const rows = [];
  for await (const portion of ledger.readTable(table)) rows.push(...portion);
  return rows;
}

test("what is written is read again, whatever its characters", async () => {
  const { ledger, me } = await newLedger();
  const texts = ["", "NULL", "{}", 'a"b\\c', "a\0b", "\x01", "\x010", "é漢😀", "x,y", "line\nline"];
  const lines = texts.map((text, id) =>
    row("output", { id, instance: 1, at: 2 ** 45, level: "log", text, step: null }),
  );

  assert.equal(await ledger.write(me, batchOf(lines)), true);

  const found = await read(ledger, "output");
  assert.deepEqual(
    found,
    lines.map((line) => line.row),
  );
});

test("every table has the columns that a working set has", async () => {
  const { ledger, me } = await newLedger();
  for (const [name, { columns }] of Object.entries(TABLES)) {
    const values = Object.fromEntries(
      Object.entries(columns).map(([column, type]) => [column, type === "text" ? "t" : 7]),
    );
    const change = row(name, values);

    assert.equal(await ledger.write(me, batchOf([change])), true);

    assert.deepEqual(await read(ledger, name), [change.row], name);
  }
});

test("a write that is sent again changes nothing", async () => {
  const { ledger, me } = await newLedger();
  const batch = batchOf([instance(1, "a"), entry(1, 1), entry(1, 2, { value: '"v"' })]);
  await ledger.write(me, batch);
  const before = [await read(ledger, "instances"), await read(ledger, "log")];

  assert.equal(await ledger.write(me, batch), true);

  assert.deepEqual([await read(ledger, "instances"), await read(ledger, "log")], before);
});

test("a write that arrives late, by a connection that is lost, has no effect", async () => {
  /** @type {(() => Promise<unknown>)[]} */
  const late = [];
  let arrives = true;
  const ledger = new PostgresLedger(
    async (purpose) => {
      const session = await database.connect(purpose);
      const delayed = {
        query: async (/** @type {Parameters<typeof session.query>} */ ...statement) => {
          if (arrives || purpose !== "writer") return await session.query(...statement);
          arrives = true;
          delayed.isLost = true;
          late.push(() => session.query(...statement));
          throw Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
        },
        run: session.run.bind(session),
        listen: session.listen.bind(session),
        close: session.close.bind(session),
        isLost: false,
      };
      return delayed;
    },
    { schema: `test ${++schemas}`, allowsVolatile: true, now: () => 1e9 },
  );
  await ledger.open();
  const me = await ledger.join("one", LEASE_MS);
  const old = batchOf([instance(1, "a"), entry(1, 1, { value: '"old"' })]);
  arrives = false;
  await assert.rejects(ledger.write(me, old), { kind: "unavailable" });
  await ledger.reconnect();
  assert.equal(await ledger.write(me, old), true);
  assert.equal(await ledger.write(me, batchOf([entry(1, 1, { value: '"new"' })])), true);
  const before = await read(ledger, "log");

  for (const arrive of late) await arrive();

  assert.equal(late.length, 1);
  assert.deepEqual(await read(ledger, "log"), before);
});

test("the write of a dead engine has no effect", async () => {
  const { ledger, me } = await newLedger();
  await ledger.leave(me);

  assert.equal(await ledger.write(me, batchOf([instance(1, "a"), entry(1, 1)])), false);

  assert.deepEqual(await read(ledger, "instances"), []);
  assert.deepEqual(await read(ledger, "log"), []);
});

test("rows that are gone are deleted, and an id may be given again in the same write", async () => {
  const { ledger, me } = await newLedger();
  await ledger.write(me, batchOf([instance(1, "a"), entry(1, 1), instance(2, "b"), entry(2, 1)]));

  await ledger.write(me, batchOf([gone(instance(1, "a")), gone(entry(1, 1)), instance(3, "a"), entry(3, 1)]));

  const instances = await read(ledger, "instances");
  assert.deepEqual(
    instances.map((values) => [values[0], values[2]]),
    [
      [2, "b"],
      [3, "a"],
    ],
  );
  const log = await read(ledger, "log");
  assert.deepEqual(
    log.map((values) => values[0]),
    [2, 3],
  );
});

test("a second instance of the same id is refused", async () => {
  const { ledger, me } = await newLedger();
  await ledger.write(me, batchOf([instance(1, "a")]));

  await assert.rejects(ledger.write(me, batchOf([instance(2, "a")])), { kind: "refused", sqlState: "23505" });
});

test("a table is read in the order of its key, portion after portion", async () => {
  const { ledger, me } = await newLedger();
  const entries = Array.from({ length: 12_000 }, (_, place) => entry(1 + (place % 7), 1 + Math.floor(place / 7)));
  await ledger.write(me, batchOf(entries));

  const found = await read(ledger, "log");

  assert.equal(found.length, 12_000);
  const keys = found.map((values) => Number(values[0]) * 1e6 + Number(values[1]));
  assert.deepEqual(
    keys,
    [...keys].sort((one, other) => one - other),
  );
});

test("tails are the last numbers, a second entry in a row included", async () => {
  const { ledger, me } = await newLedger();
  await ledger.write(me, batchOf([entry(1, 1), entry(1, 2, { next: 3 }), entry(2, 5)]));

  assert.deepEqual(
    [...(await ledger.readTails([1, 2, 3]))].sort(([one], [other]) => one - other),
    [
      [1, 3],
      [2, 5],
      [3, 0],
    ],
  );
});

test("blocks of numbers do not overlap", async () => {
  const { ledger } = await newLedger();
  const [one, other] = [await ledger.reserveNumbers(), await ledger.reserveNumbers()];

  assert.ok(one.first > 0);
  assert.ok(other.first >= one.first + one.count);
});

test("one living engine holds a state; when it is dead the next one does", async () => {
  const { ledger, me } = await newLedger();
  const other = await ledger.join("two", LEASE_MS);
  assert.equal(await ledger.take(me), undefined);

  assert.deepEqual(await ledger.take(other), { id: me.id, name: "one" });
  assert.equal(await ledger.take(me), undefined);
  await ledger.leave(me);

  assert.equal(await ledger.take(other), undefined);
  assert.equal(await ledger.take(me).then((holder) => holder?.id), other.id);
});

test("an engine is declared dead when its lease is over, and renews no more", async () => {
  const { ledger } = await newLedger();
  const late = await ledger.join("late", -1);
  const me = await ledger.join("me", 0);

  const dead = await ledger.declareDead(me);

  assert.ok(dead.some(({ id }) => id === late.id));
  assert.equal(await ledger.renew(late, LEASE_MS), false);
  assert.equal(await ledger.renew(me, LEASE_MS), true);
});

test("right after a connection was lost no engine is declared dead", async () => {
  let now = 0;
  const ledger = new PostgresLedger(database.connect, {
    schema: `test ${++schemas}`,
    allowsVolatile: true,
    now: () => now,
  });
  await ledger.open();
  await ledger.join("late", -1);
  const me = await ledger.join("me", 20);
  database.onstatement = () => {
    throw Object.assign(new Error("cut"), { code: "ECONNRESET" });
  };
  await assert.rejects(ledger.renew(me, 20), { kind: "unavailable" });
  database.onstatement = () => {};

  assert.deepEqual(await ledger.declareDead(me), []);
  now += 20;

  assert.equal((await ledger.declareDead(me)).length, 1);
});

test("a ledger of a newer format is refused, and one that is newer but compatible is used", async () => {
  const { ledger } = await newLedger();
  const schema = `"test ${schemas}"`;
  const open = () =>
    new PostgresLedger(database.connect, { schema: `test ${schemas}`, allowsVolatile: true, now: () => 1e9 }).open();
  const session = await database.connect("test");
  await session.run(`UPDATE ${schema}.meta SET version = 99`);
  await open();
  await session.run(`UPDATE ${schema}.meta SET min_writer = 99`);

  await assert.rejects(open(), {
    kind: "unusable",
    message: /ledger format 99, which this version of Stepwell cannot write/,
  });
  await ledger.close();
});

for (let version = 1; version < LEDGER_VERSION; version++) {
  test(`a ledger of format ${version} is brought to this one, with all that it has, by whichever engine comes first`, async () => {
    const schema = `format_${version}`;
    const session = await database.connect("test");
    await session.run(`
      CREATE SCHEMA ${schema};
      CREATE TABLE ${schema}.meta (version integer NOT NULL, min_writer integer NOT NULL, holder bigint);
      INSERT INTO ${schema}.meta VALUES (${version}, 1, NULL);
      BEGIN;
      ${MIGRATIONS.slice(0, version)
        .map((migration) => migration(schema))
        .join("\n")}
      COMMIT;
      INSERT INTO ${schema}.log (instance, seq, event, at) VALUES (7, 1, 0, 5);`);

    for (const name of ["one", "two"]) {
      const ledger = new PostgresLedger(database.connect, { schema, allowsVolatile: true, now: () => 1e9 });
      await ledger.open();
      const me = await ledger.join(name, 1000);
      assert.equal(await ledger.write(me, batchOf([entry(7, 2)])), true);
      assert.deepEqual(await ledger.readTails([7]), new Map([[7, 2]]));
      await ledger.leave(me);
      await ledger.close();
    }

    assert.deepEqual(await session.query(`SELECT version, min_writer FROM ${schema}.meta`, []), [[LEDGER_VERSION, 5]]);
  });
}
