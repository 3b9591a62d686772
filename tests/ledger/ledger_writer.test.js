/** When a commit counts as durable, and what becomes of it when the database does not answer. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../conformance/manual_clock.js";
import { LedgerError } from "../../js/ledger/ledger_error.js";
import { LedgerWriter } from "../../js/ledger/ledger_writer.js";
import { Lease } from "../../js/ledger/lease.js";
import { MemoryDatabase, MemoryLedger } from "./memory_ledger.js";
import { entry, instance } from "./rows.js";

const LEASE_MS = 10_000;

/** An engine's writer on a database whose steps the test releases. */
class Setting {
  clock = new ManualClock();
  /** Steps that wait. @type {{ what: string, release: () => void }[]} */
  steps = [];
  isGated = true;
  database = new MemoryDatabase({
    now: () => this.clock.now(),
    step: (_, what) =>
      this.isGated ? new Promise((resolve) => this.steps.push({ what, release: () => resolve() })) : Promise.resolve(),
  });
  ledger = new MemoryLedger(this.database);
  /** What has happened. @type {string[]} */
  seen = [];

  static async open() {
    const setting = new Setting();
    setting.isGated = false;
    const member = await setting.ledger.join("one", LEASE_MS);
    const { clock, ledger } = setting;
    const onfenced = (/** @type {string} */ reason) => setting.seen.push(`fenced: ${reason}`);
    const lease = new Lease(ledger, member, {
      clock,
      leaseMs: LEASE_MS,
      joined: clock.now(),
      onfenced: () => onfenced("by the lease"),
    });
    const writer = new LedgerWriter(ledger, member, {
      clock,
      lease,
      onfenced,
      onfailure: (error) => setting.seen.push(`failed: ${/** @type {Error} */ (error).message}`),
      onhold: (isHeld) => setting.seen.push(isHeld ? "hold" : "go on"),
    });
    setting.isGated = true;
    return Object.assign(setting, { writer });
  }

  /** Let all promises settle that wait for nothing of the test's. */
  async settle() {
    for (let i = 0; i < 30; i++) await Promise.resolve();
  }

  /** Release all steps until none waits. */
  async release() {
    await this.settle();
    while (this.steps.length > 0) {
      this.steps.shift()?.release();
      await this.settle();
    }
  }

  /** @param {string} name */
  note = (name) => () => this.seen.push(name);

  /** @param {number} ms */
  async pass(ms) {
    await this.release();
    await this.clock.moveTo(this.clock.now() + ms, () => this.release());
    await this.release();
  }
}

test("nothing counts as durable before the ledger has acknowledged the write that covers it", async () => {
  const h = await Setting.open();
  h.writer.add([entry(1, 1)]);
  h.writer.acknowledge(h.note("one"));
  await h.settle();
  assert.deepEqual(h.seen, []);

  h.steps.shift()?.release();
  await h.settle();
  assert.deepEqual([h.steps.map(({ what }) => what), h.seen], [["commit write"], []]);
  await h.release();

  assert.deepEqual(h.seen, ["one"]);
});

test("what is committed while a write is under way is the next write, all of it", async () => {
  const h = await Setting.open();
  for (let seq = 1; seq <= 50; seq++) {
    h.writer.add([entry(1, seq)]);
    h.writer.acknowledge(h.note(String(seq)));
  }

  await h.release();

  assert.deepEqual([h.database.writes, h.seen.length, h.database.rows("log").length], [2, 50, 50]);
  assert.deepEqual(
    h.seen,
    Array.from({ length: 50 }, (_, place) => String(place + 1)),
  );
});

test("what has written nothing itself waits for the write under way, and causes none", async () => {
  const h = await Setting.open();
  h.writer.add([entry(1, 1)]);
  h.writer.acknowledge(h.note("result"));
  await h.settle();
  h.writer.acknowledge(h.note("reader"));
  await h.settle();
  assert.deepEqual(h.seen, []);

  await h.release();

  assert.deepEqual([h.seen, h.database.writes], [["result", "reader"], 1]);
});

test("where nothing is under way it is told at once, and nothing is written", async () => {
  const h = await Setting.open();

  h.writer.acknowledge(h.note("reader"));

  assert.deepEqual([h.seen, h.database.writes, h.steps.length], [["reader"], 0, 0]);
});

for (const loss of /** @type {const} */ (["lost before", "lost after"])) {
  test(`a write whose connection is ${loss} the commit is sent again, and told once`, async () => {
    const h = await Setting.open();
    h.ledger.nextWrite = loss;
    h.writer.add([instance(1, "a"), entry(1, 1)]);
    h.writer.acknowledge(h.note("one"));
    await h.release();
    assert.deepEqual(h.seen, ["hold"]);

    await h.pass(1000);

    assert.deepEqual(h.seen, ["hold", "go on", "one"]);
    assert.equal(h.database.rows("log").length, 1);
  });
}

test("while the database is down nothing is dropped, and all is told when it is back", async () => {
  const h = await Setting.open();
  h.database.isDown = true;
  h.writer.add([entry(1, 1)]);
  h.writer.acknowledge(h.note("one"));
  await h.pass(5000);
  h.writer.add([entry(1, 2)]);
  h.writer.acknowledge(h.note("two"));
  await h.pass(60_000);
  assert.deepEqual(h.seen, ["hold"]);

  h.database.isDown = false;
  await h.pass(2000);

  assert.deepEqual(h.seen, ["hold", "go on", "one", "two"]);
});

test("the write of an engine that was declared dead is told to nobody", async () => {
  const h = await Setting.open();
  /** @type {any} */ (h.database.engines.get(1)).dead = true;
  h.writer.add([entry(1, 1)]);
  h.writer.acknowledge(h.note("one"));

  await h.release();
  h.writer.acknowledge(h.note("later"));
  await h.pass(LEASE_MS);

  assert.deepEqual(h.seen, ["fenced: Another engine has taken over."]);
  assert.equal(h.database.rows("log").length, 0);
});

test("a database that has lost what it had acknowledged is noticed after the connection was lost", async () => {
  const h = await Setting.open();
  for (const seq of [1, 2, 3]) {
    h.writer.add([entry(1, seq)]);
    await h.release();
  }
  h.database.goBack(([, seq]) => Number(seq) > 1);
  h.ledger.nextWrite = "lost before";
  h.writer.add([entry(1, 4)]);
  h.writer.acknowledge(h.note("four"));

  await h.pass(1000);

  assert.deepEqual(h.seen, ["hold", "fenced: The database went back in time."]);
  assert.equal(h.database.rows("log").length, 1, "no entry is written behind a gap");
});

test("a write that was committed although its answer was lost is no sign that the database went back", async () => {
  const h = await Setting.open();
  h.writer.add([entry(1, 1, { next: 2 })]);
  await h.release();
  h.ledger.nextWrite = "lost after";
  h.writer.add([entry(1, 3)]);

  await h.pass(1000);

  assert.deepEqual(h.seen, ["hold", "go on"]);
});

test("an engine whose lease was not prolonged tells nothing until it is", async () => {
  const h = await Setting.open();
  // The heartbeat hangs, as behind a frozen process; the write does not.
  await h.clock.moveTo(h.clock.now() + LEASE_MS * 0.8);
  const heartbeat = h.steps.splice(0);
  assert.deepEqual(
    heartbeat.map(({ what }) => what),
    ["renew"],
  );
  h.writer.add([entry(1, 1)]);
  h.writer.acknowledge(h.note("one"));
  await h.release();
  assert.deepEqual([h.seen, h.database.rows("log").length], [[], 1]);

  heartbeat[0].release();
  await h.settle();
  assert.deepEqual(h.seen, ["one"], "the renewal was sent in time, so the lease is good");
});

test("an engine that finds itself dead when it renews its lease is fenced", async () => {
  const h = await Setting.open();
  /** @type {any} */ (h.database.engines.get(1)).dead = true;

  await h.pass(LEASE_MS);

  assert.deepEqual(h.seen, ["fenced: by the lease"]);
});

test("a write that the ledger refuses for good is a failure, and is not sent again", async () => {
  const h = await Setting.open();
  h.ledger.nextWrite = new LedgerError("refused", "invalid byte sequence");
  h.writer.add([entry(1, 1)]);
  h.writer.acknowledge(h.note("one"));

  await h.pass(60_000);

  assert.deepEqual(h.seen, ["failed: invalid byte sequence"]);
  assert.equal(h.database.writes, 0);
});

test("drained settles when all is acknowledged", async () => {
  const h = await Setting.open();
  await h.writer.drained();
  h.writer.add([entry(1, 1)]);
  h.writer.add([entry(1, 2)]);
  const drained = h.writer.drained().then(h.note("drained"));
  await h.settle();
  assert.deepEqual(h.seen, []);

  await h.release();
  await drained;

  assert.deepEqual([h.seen, h.database.writes], [["drained"], 2]);
});
