/** The time of the database, as an engine knows it. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { DatabaseTime } from "../../js/ledger/database_time.js";
import { PostgresLedger } from "../../js/ledger/postgres/postgres_ledger.js";
import { database } from "./one_pglite.js";

const NOON = Date.UTC(2030, 0, 1, 12);

/** A machine that has run for *steady* ms. @param {number} steady */
function machine(steady) {
  const clock = { steady };
  return Object.assign(clock, { time: new DatabaseTime(() => clock.steady) });
}

test("between two answers it goes on with the steady clock", () => {
  const here = machine(1000);
  here.time.learn(NOON, 1000);
  here.steady += 250;

  assert.equal(here.time.now(), NOON + 250);
});

test("an answer that took long moves it no further than it has to", () => {
  const here = machine(1000);
  here.time.learn(NOON, 1000);
  here.steady = 3000;
  // Sent at 2000, received at 3000: the database has said 12:00:01.3 at some moment between.
  here.time.learn(NOON + 1300, 2000);
  assert.equal(here.time.now(), NOON + 2000);
  here.steady = 4000;
  here.time.learn(NOON + 3500, 3900);

  assert.equal(here.time.now(), NOON + 3500, "the database is ahead by at least that");
});

test("it follows a database whose clock is set, with the next answer", () => {
  const here = machine(1000);
  here.time.learn(NOON, 1000);
  here.time.learn(NOON + 3_600_000, 1000);

  assert.equal(here.time.now(), NOON + 3_600_000);
});

test("a ledger knows the time of its database when it has joined, and by each renewal", async () => {
  let steady = 5000;
  const ledger = new PostgresLedger(database.connect, { schema: "timed", allowsVolatile: true, now: () => steady });
  await ledger.open();
  assert.throws(() => ledger.time.now(), /has not said the time/);
  const member = await ledger.join("one", 60_000);
  const joined = ledger.time.now();
  const [[there]] = await (
    await database.connect("test")
  ).query("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint", []);
  assert.ok(joined <= there);
  // This machine's clock has run away: the database says that less has passed.
  steady += 3_600_000;
  await ledger.renew(member, 60_000);

  assert.ok(ledger.time.now() < joined + 3_600_000);
  await ledger.close();
});
