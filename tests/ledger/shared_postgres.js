/** Engines that share a state, on PostgreSQL's own code: what the ledger in memory cannot show is its SQL. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { batchOf } from "../../js/ledger/batch.js";
import { PARTS, partOf, partOfQueue } from "../../js/ledger/parts.js";
import { PostgresLedger } from "../../js/ledger/postgres/postgres_ledger.js";
import { database } from "./one_pglite.js";
import { entry, instance, row } from "./rows.js";

const LEASE_MS = 600_000;
let schemas = 0;

/** Ledgers of engines that share a state of their own. @param {string[]} names */
async function engines(...names) {
  const schema = `shared_${++schemas}`;
  const all = [];
  // One after the other: all connections of this database are one session.
  for (const name of names) {
    const ledger = new PostgresLedger(database.connect, { schema, allowsVolatile: true, now: () => 1e9 });
    await ledger.open();
    all.push({ ledger, me: await ledger.join(name, LEASE_MS, { shares: true }) });
  }
  return all;
}

/** @param {PostgresLedger} ledger @param {string} table @param {number[]} [parts] */
async function read(ledger, table, parts) {
  const rows = [];
  for await (const portion of ledger.readTable(table, parts)) rows.push(...portion);
  return rows;
}

test("parts are taken by one engine each, and go to the next one when their holder is dead", async () => {
  const [one, two] = await engines("one", "two");

  assert.equal((await one.ledger.takeParts(one.me, 40)).length, 40);
  assert.equal((await two.ledger.takeParts(two.me, 40)).length, 24);
  assert.deepEqual(await one.ledger.takeParts(one.me, 40), []);
  await two.ledger.announce(two.me, ["flow v\0"]);
  const { sharing, byPart } = await two.ledger.readHolders();
  assert.deepEqual(sharing, [
    { ...one.me, versions: [] },
    { ...two.me, versions: ["flow v\0"] },
  ]);
  assert.equal(byPart.filter((holder) => holder === one.me.id).length, 40);
  await one.ledger.leave(one.me);

  assert.equal((await two.ledger.readHolders()).byPart.filter((holder) => holder === null).length, 40);
  assert.equal((await two.ledger.takeParts(two.me, PARTS)).length, 40);
  assert.deepEqual(await one.ledger.takeParts(one.me, 40), [], "a dead engine takes nothing");
});

test("each engine is listed with its parts and its lease; a dead one until others have its parts", async () => {
  const [one, two] = await engines("one", "two");
  await one.ledger.takeParts(one.me, 40);
  await two.ledger.takeParts(two.me, 24);
  const list = async () =>
    (await two.ledger.readEngines()).map(({ name, shares, isDead, parts, leaseMs }) => {
      assert.ok(leaseMs > 0);
      return { name, shares, isDead, parts };
    });

  assert.deepEqual(await list(), [
    { name: "one", shares: true, isDead: false, parts: 40 },
    { name: "two", shares: true, isDead: false, parts: 24 },
  ]);
  await one.ledger.leave(one.me);
  assert.deepEqual((await list())[0], { name: "one", shares: true, isDead: true, parts: 40 });

  await two.ledger.takeParts(two.me, PARTS);
  assert.deepEqual(await list(), [{ name: "two", shares: true, isDead: false, parts: PARTS }]);
});

test("a part that is given up can be taken, and only by its holder it is given up", async () => {
  const [one, two] = await engines("one", "two");
  await one.ledger.takeParts(one.me, PARTS);

  await two.ledger.giveUp(two.me, [3]);
  assert.deepEqual(await two.ledger.takeParts(two.me, 5), []);
  await one.ledger.giveUp(one.me, [3, 7]);

  assert.deepEqual(await two.ledger.takeParts(two.me, 5), [3, 7]);
});

test("an engine that has a state to itself waits for those that share it, and they for it", async () => {
  const [one, two] = await engines("one", "two");
  await one.ledger.takeParts(one.me, 5);

  assert.deepEqual(await two.ledger.take(two.me), { id: one.me.id, name: "one" });
  assert.equal((await two.ledger.readHolders()).byPart.filter((holder) => holder === two.me.id).length, 0);
  await one.ledger.leave(one.me);

  assert.equal(await two.ledger.take(two.me), undefined);
});

test("of instances only those of a part are read", async () => {
  const [{ ledger, me }] = await engines("one");
  const ids = Array.from({ length: 50 }, (_, n) => `i${n}`);
  await ledger.write(me, batchOf(ids.flatMap((id, n) => [instance(n + 1, id), entry(n + 1, 1), entry(n + 1, 2)])));
  const parts = [partOf("flow", "i3"), partOf("flow", "i9")];

  const instances = await read(ledger, "instances", parts);
  const log = await read(ledger, "log", parts);

  const expected = ids.filter((id) => parts.includes(partOf("flow", id)));
  assert.deepEqual(
    instances.map((each) => each[2]),
    expected,
  );
  assert.equal(log.length, 2 * expected.length);
  assert.equal((await read(ledger, "log")).length, 100);
  assert.equal(await ledger.readSlot(4).then((slot) => Math.floor((slot ?? 0) / 64)), partOf("flow", "i3"));
  assert.equal(await ledger.readSlot(99), undefined);
});

test("of messages only those of a part's queues are read", async () => {
  const [{ ledger, me }] = await engines("one");
  const queues = [...Array.from({ length: 50 }, (_, n) => `q${n}`), 'a "b\\c', "é漢😀", "team/q3"];
  const message = (/** @type {string} */ queue, /** @type {number} */ n) =>
    row("queue_messages", { number: n + 1, queue, id: "m", body: "1", attempts: 0, sent_on: 1, available_on: 1 });
  await ledger.write(me, batchOf([...queues, ...queues].map(message)));
  const parts = queues.slice(-3).map(partOfQueue);

  const messages = await read(ledger, "queue_messages", parts);

  const expected = queues.filter((queue) => parts.includes(partOfQueue(queue)));
  assert.deepEqual(
    messages.map((each) => each[1]),
    [...expected, ...expected],
  );
  assert.deepEqual(await read(ledger, "queue_messages", []), []);
});

test("a call is taken once, by the holder of its part, and answered once", async () => {
  const [one, two] = await engines("one", "two");
  /** @type {object[]} */
  const heard = [];
  await two.ledger.listen((about) => heard.push(about));

  await one.ledger.listen(() => {});

  const [id, other] = await one.ledger.post(one.me, [
    { part: 5, request: "a\0b" },
    { part: 7, request: "" },
  ]);
  assert.ok(other > id, "in their order");
  assert.deepEqual(await two.ledger.takeCalls(two.me, [4, 6]), []);
  const [call] = await two.ledger.takeCalls(two.me, [5]);
  assert.deepEqual(call, { id, part: 5, sender: one.me.id, request: "a\0b" });
  assert.deepEqual(await two.ledger.takeCalls(two.me, [5]), []);
  assert.equal(await one.ledger.withdraw(one.me, id), false);
  assert.deepEqual(await one.ledger.takeAnswers(one.me, [id]), []);
  await two.ledger.answerCalls(two.me, [{ call, answer: "done\0" }]);
  await database.idle();

  assert.deepEqual(await one.ledger.takeAnswers(one.me, [id]), [{ id, answer: "done\0" }]);
  assert.deepEqual(await one.ledger.takeAnswers(one.me, [id]), []);
  assert.deepEqual(heard, [
    { parts: [5, 7], engines: [], places: [] },
    { parts: [], engines: [one.me.id], places: [] },
  ]);
});

test("a call whose engine has died has no answer, and one that is withdrawn is not taken", async () => {
  const [one, two] = await engines("one", "two");
  const [lost] = await one.ledger.post(one.me, [{ part: 5, request: "lost" }]);
  await two.ledger.takeCalls(two.me, [5]);
  const [late] = await one.ledger.post(one.me, [{ part: 5, request: "late" }]);
  await two.ledger.leave(two.me);

  assert.deepEqual(await two.ledger.takeCalls(two.me, [5]), [], "a dead engine takes nothing");
  assert.deepEqual(await one.ledger.takeAnswers(one.me, [lost, late]), [{ id: lost, answer: null }]);
  assert.equal(await one.ledger.withdraw(one.me, late), true);
});

test("to look for calls, holders and the dead takes no transaction id", async () => {
  const [{ ledger, me }] = await engines("one");
  await ledger.takeParts(me, PARTS);
  const session = await database.connect("test");
  const xid = async () => Number((await session.query("SELECT pg_current_xact_id()::text::bigint", []))[0][0]);
  const before = await xid();

  await ledger.takeCalls(me, [1, 2, 3]);
  await ledger.readHolders();
  await ledger.declareDead(me);

  assert.equal((await xid()) - before, 1, "its own");
});

test("lists and counts are of all instances, in their order", async () => {
  const [{ ledger, me }] = await engines("one");
  const rows = ["b", "a", "cb"].map((id, n) => instance(n + 1, id));
  const columns = { status: "complete", params: "{}", trigger: 0, version_id: "v", created_on: 1, modified_on: 1 };
  const other = row("instances", { number: 9, workflow: "team/flow", id: "x", ...columns });
  await ledger.write(me, batchOf([...rows, other]));
  /** @param {object} filter */
  const list = async (filter) => (await ledger.readListed({ limit: 10, ...filter })).map((each) => each[2]);

  assert.deepEqual(await list({ workflow: "flow" }), ["cb", "a", "b"]);
  assert.deepEqual(await list({ account: "default", ascending: true }), ["b", "a", "cb"]);
  assert.deepEqual(await list({ account: "team" }), ["x"]);
  assert.deepEqual(await list({ search: "b", ascending: true }), ["b", "cb"]);
  assert.deepEqual(await list({ after: 3, limit: 1 }), ["a"]);
  assert.deepEqual(await list({ status: "complete" }), ["x"]);
  assert.equal(await ledger.countListed({ search: "b" }), 2);
  assert.deepEqual((await ledger.readCounts("team/flow")).byStatus, { complete: 1 });
  assert.equal((await ledger.readCounts("none")).triggeredOn, null);
  assert.equal(await ledger.readLastNumber(), 9);
});

test("instances are found by their numbers, and read whole", async () => {
  const [{ ledger, me }] = await engines("one");
  const rows = [1, 2, 3, 4].map((number) => instance(number, `i${number}`));
  const log = [entry(3, 2), entry(3, 1), entry(4, 1)];
  const line = row("output", { id: 2 ** 45, instance: 3, at: 7, level: "log", text: 'a\0b\x01"\\é', step: null });
  await ledger.write(me, batchOf([...rows, ...log, line]));

  const portion = await ledger.readNumbered("flow", { after: 1, upTo: 3, limit: 5 });
  assert.deepEqual(
    portion.map(({ number, id }) => [number, id]),
    [
      [2, "i2"],
      [3, "i3"],
    ],
  );
  assert.equal((await ledger.readNumbered("flow", { after: 0, upTo: 9, limit: 3 })).length, 3);
  assert.deepEqual(await ledger.readNumbered("other", { after: 0, upTo: 9, limit: 3 }), []);
  const history = await ledger.readHistory(3);
  assert.deepEqual(history.get("instances"), [rows[2].row]);
  assert.deepEqual(history.get("log"), [log[1].row, log[0].row]);
  assert.deepEqual(history.get("output"), [line.row]);
  assert.deepEqual(history.get("events"), []);
  assert.deepEqual((await ledger.readHistory(9)).get("instances"), []);
});

/** @param {number} instance @param {number} part */
const wish = (instance, part) => ({ instance, part, since: 10 * instance, isTaken: false });

test("places are taken by the holder of a part, and only where none were taken meanwhile", async () => {
  const [one, two] = await engines("one", "two");
  const code = { class_name: "F", root: ".", main: "f.py", vars: "{}", version_id: "v" };
  const flow = { name: "flow", ...code, created_on: 1, modified_on: 1, concurrency: 2 };
  await one.ledger.write(one.me, batchOf([row("workflows", flow)]));
  await one.ledger.takeParts(one.me, 32);
  await two.ledger.takeParts(two.me, 32);
  assert.deepEqual(await one.ledger.readPlaces("flow", [1, 2]), { limit: 2, taken: 0, turn: 0, mine: [], others: [] });

  assert.deepEqual(await two.ledger.takePlaces(two.me, "flow", [wish(3, 1)], 0), [], "another engine holds the part");
  assert.deepEqual(await one.ledger.takePlaces(one.me, "flow", [wish(1, 1), wish(2, 40)], 0), [], "a turn later");
  assert.deepEqual(await one.ledger.takePlaces(one.me, "flow", [wish(1, 1), wish(2, 40)], 1), [1]);
  await two.ledger.wantPlaces(two.me, "flow", [wish(4, 40), wish(5, 41), wish(6, 42), wish(7, 2)]);

  assert.deepEqual(await one.ledger.readPlaces("flow", [1, 2]), {
    limit: 2,
    taken: 1,
    turn: 2,
    mine: [{ ...wish(1, 1), isTaken: true }],
    others: [wish(4, 40), wish(5, 41)],
  });
  assert.deepEqual(await two.ledger.takePlaces(two.me, "flow", [wish(4, 40)], 2), [4]);
  assert.equal((await one.ledger.readPlaces("flow", [1])).taken, 2);
});

test("a place is left by the holder of its part, who says so; a dead engine leaves and takes none", async () => {
  const [one, two] = await engines("one", "two");
  await one.ledger.takeParts(one.me, PARTS);
  await one.ledger.takePlaces(one.me, "flow", [wish(1, 1), wish(2, 2)], 0);
  /** @type {string[]} */
  const heard = [];
  await one.ledger.listen(() => {});
  await two.ledger.listen(({ places = [] }) => heard.push(...places));

  await two.ledger.leavePlaces(two.me, "flow", [1]);
  assert.equal((await one.ledger.readPlaces("flow", [])).taken, 2);
  await one.ledger.leavePlaces(one.me, "flow", [1]);
  assert.equal((await one.ledger.readPlaces("flow", [])).taken, 1);
  await one.ledger.leave(one.me);
  await one.ledger.leavePlaces(one.me, "flow", [2]);

  assert.deepEqual(await one.ledger.takePlaces(one.me, "flow", [wish(3, 3)], 1), []);
  await one.ledger.wantPlaces(one.me, "flow", [wish(4, 4)]);
  const { taken, turn, others } = await one.ledger.readPlaces("flow", []);
  assert.deepEqual({ taken, turn, others }, { taken: 1, turn: 1, others: [] });
  await database.idle();
  assert.ok(heard.includes("flow"));
});
