/** Queues: messages are delivered at least once, in batches, and again where their handler wants that. */

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { beforeEach, test } from "node:test";
import { ManualClock } from "../../conformance/manual_clock.js";
import { Commits } from "../../js/engine/commits.js";
import { Queues } from "../../js/server/queues/queues.js";
import { SqliteStore } from "../../js/store/sqlite.js";

/** @import { Deliver, ConsumerSettings } from "../../js/server/queues/consumer.js" */

const DONE = { ackAll: false, explicitAcks: [], retryBatch: { retry: false }, retryMessages: [] };
const SECOND_MS = 1000;

/** @type {DatabaseSync} */
let db;
/** @type {ManualClock} */
let clock;
/** @type {SqliteStore} */
let store;
/** @type {Queues} */
let queues;
/** What was delivered. @type {any[]} */
let batches;
/** Lines for people. @type {string[]} */
let reports;

beforeEach(() => {
  db = new DatabaseSync(":memory:");
  clock = new ManualClock();
  batches = [];
  reports = [];
  open();
});

/** As a process does that starts on the same database. */
function open() {
  store = new SqliteStore(db);
  const commits = new Commits(store, {
    defer: setImmediate,
    clock,
    onfailure: (error) => assert.fail(String(error)),
    onwritten: () => {},
  });
  let number = 0;
  const report = (/** @type {string} */ line) => void reports.push(line);
  queues = new Queues({ store: store.queues, commits, clock, newId: () => `id${number++}`, report });
}

/** @param {unknown[]} bodies @param {{ delaySeconds?: number }} [options] */
const send = (bodies, options) =>
  queues.send(
    "local",
    "q",
    bodies.map((body) => ({ body })),
    options,
  );

/** @param {ConsumerSettings} settings @param {Deliver} [deliver] @param {string} [queue] */
function consume(settings, deliver = async () => DONE, queue = "q") {
  return queues.consume("local", queue, settings, async (batch) => {
    batches.push(batch.messages.map(({ body, attempts }) => (attempts === 1 ? body : [body, attempts])));
    return await deliver(batch);
  });
}

async function settle() {
  for (let turn = 0; turn < 12; turn++) await new Promise(setImmediate);
}

/** @param {number} seconds */
async function pass(seconds) {
  await clock.moveTo(clock.now() + seconds * SECOND_MS, settle);
  await settle();
}

test("a message is delivered with what it is, and is gone then", async () => {
  consume({ maxBatchTimeoutMs: 0 });

  await send([{ a: [1, null] }]);
  await settle();

  assert.deepEqual(batches, [[{ a: [1, null] }]]);
  assert.equal(store.queues.size("q"), 0);
});

test("a full batch is delivered at once, the rest when the batch has waited", async () => {
  consume({ maxBatchSize: 2, maxBatchTimeoutMs: 5 * SECOND_MS });

  await send([1, 2, 3]);
  await settle();
  assert.deepEqual(batches, [[1, 2]]);
  await pass(5);

  assert.deepEqual(batches, [[1, 2], [3]]);
});

test("messages wait for a consumer, also over a restart", async () => {
  await send([1]);
  open();

  consume({ maxBatchTimeoutMs: 0 });
  await settle();

  assert.deepEqual(batches, [[1]]);
});

test("what was with the handler when the process died is delivered again, and counts", async () => {
  consume({ maxBatchTimeoutMs: 0 }, () => new Promise(() => {}));
  await send([1]);
  await settle();

  open();
  consume({ maxBatchTimeoutMs: 0 });
  await settle();

  assert.deepEqual(batches, [[1], [[1, 2]]]);
});

test("a delay holds a message back", async () => {
  consume({ maxBatchTimeoutMs: 0 });

  await send([1], { delaySeconds: 60 });
  await pass(59);
  assert.deepEqual(batches, []);
  await pass(1);

  assert.deepEqual(batches, [[1]]);
});

test("a handler that raises gets the batch again, after the delay of the consumer", async () => {
  let fails = true;
  consume({ maxBatchTimeoutMs: 0, retryDelayMs: 10 * SECOND_MS }, async () => {
    if (!fails) return DONE;
    fails = false;
    throw new Error("no");
  });
  await send([1, 2]);
  await settle();
  assert.equal(batches.length, 1);

  await pass(10);

  assert.deepEqual(batches, [
    [1, 2],
    [
      [1, 2],
      [2, 2],
    ],
  ]);
});

test("what was acknowledged before a handler raises does not come again", async () => {
  consume({ maxBatchTimeoutMs: 0 }, async ({ messages }) => {
    if (messages.length < 3) return DONE;
    throw Object.assign(new Error("no"), { queueOutcome: { ...DONE, explicitAcks: [messages[1].id] } });
  });

  await send([1, 2, 3]);
  await settle();

  assert.deepEqual(batches, [
    [1, 2, 3],
    [
      [1, 2],
      [3, 2],
    ],
  ]);
});

test("acknowledged messages do not come again with the rest of their batch", async () => {
  consume({ maxBatchTimeoutMs: 0 }, async ({ messages }) =>
    messages.length === 3 ? { ...DONE, explicitAcks: [messages[0].id], retryBatch: { retry: true } } : DONE,
  );

  await send([1, 2, 3]);
  await settle();

  assert.deepEqual(batches, [
    [1, 2, 3],
    [
      [2, 2],
      [3, 2],
    ],
  ]);
});

test("a single message comes again after its own delay", async () => {
  consume({ maxBatchTimeoutMs: 0 }, async ({ messages }) =>
    messages[0].attempts === 1 ? { ...DONE, retryMessages: [{ msgId: messages[1].id, delaySeconds: 30 }] } : DONE,
  );

  await send([1, 2]);
  await settle();
  await pass(29);
  assert.deepEqual(batches, [[1, 2]]);
  await pass(1);

  assert.deepEqual(batches, [[1, 2], [[2, 2]]]);
});

test("what is delivered too often goes to the queue of dead letters, and begins anew there", async () => {
  consume({ maxBatchTimeoutMs: 0, maxRetries: 1, deadLetterQueue: "dead" }, async () => {
    throw new Error("never");
  });
  /** @type {unknown[]} */
  const dead = [];
  queues.consume("local", "dead", { maxBatchTimeoutMs: 0 }, async ({ messages }) => {
    dead.push(...messages.map(({ body, attempts }) => [body, attempts]));
    return DONE;
  });

  await send(["letter"]);
  await settle();

  assert.deepEqual(batches, [["letter"], [["letter", 2]]]);
  assert.deepEqual(dead, [["letter", 1]]);
  assert.equal(store.queues.size("q"), 0);
});

test("without one it is deleted", async () => {
  consume({ maxBatchTimeoutMs: 0, maxRetries: 0 }, async () => {
    throw new Error("never");
  });

  await send(["letter"]);
  await settle();

  assert.deepEqual([batches, store.queues.size("q")], [[["letter"]], 0]);
});

test("no more batches are with the handler than its concurrency", async () => {
  /** @type {(() => void)[]} */
  const finish = [];
  consume(
    { maxBatchSize: 1, maxBatchTimeoutMs: 0, maxConcurrency: 2 },
    () => new Promise((resolve) => finish.push(() => resolve(DONE))),
  );

  await send([1, 2, 3]);
  await settle();
  assert.deepEqual(batches, [[1], [2]]);
  finish[0]();
  await settle();

  assert.deepEqual(batches, [[1], [2], [3]]);
});

test("accounts do not see each other's queues", async () => {
  consume({ maxBatchTimeoutMs: 0 });

  await queues.send("other", "q", [{ body: 1 }]);
  await settle();

  assert.deepEqual(batches, []);
});

for (const { what, messages, options, words } of [
  { what: "no message", messages: [], options: {}, words: /at least one/ },
  {
    what: "too many messages",
    messages: Array.from({ length: 101 }, () => 1),
    options: {},
    words: /at most 100 messages/,
  },
  { what: "a large message", messages: ["x".repeat(128_001)], options: {}, words: /at most 128000 bytes/ },
  {
    what: "a large batch",
    messages: ["x", "y", "z"].map((each) => each.repeat(100_000)),
    options: {},
    words: /at most 256000/,
  },
  { what: "a negative delay", messages: [1], options: { delaySeconds: -1 }, words: /delaySeconds is -1/ },
  { what: "a long delay", messages: [1], options: { delaySeconds: 43_201 }, words: /between 0 and 43200/ },
  { what: "what cannot be stored", messages: [() => {}], options: {}, words: /body/ },
]) {
  test(`${what}: refused, and nothing of it is kept`, async () => {
    await assert.rejects(send(messages, options), words);
    assert.equal(store.queues.size("q"), 0);
  });
}

for (const outcome of /** @type {any[]} */ ([
  undefined,
  {},
  "done",
  { ...DONE, explicitAcks: null },
  { ...DONE, retryMessages: [null] },
  { ...DONE, retryBatch: { retry: true, delaySeconds: 1e300 } },
  { ...DONE, retryMessages: [{ msgId: "id0", delaySeconds: 1e17 }] },
  { ...DONE, retryMessages: [{ msgId: "id0", delaySeconds: 0.0005 }] },
  { ...DONE, retryMessages: [{ msgId: "id0", delaySeconds: -1 }] },
  { ...DONE, retryMessages: [{ msgId: "id0", delaySeconds: Number.NaN }] },
  { ...DONE, retryMessages: [{ msgId: "id0", delaySeconds: "1" }] },
])) {
  test(`a decision that cannot be carried out lets the batch come again: ${JSON.stringify(outcome)}`, async () => {
    let decisions = 0;
    consume({ maxBatchTimeoutMs: 0 }, async () => (decisions++ === 0 ? outcome : DONE));

    await send([1]);
    await pass(1);
    await send([2]);
    await pass(1);

    assert.deepEqual(batches.flat(), [1, [1, 2], 2]);
    assert.match(reports.join(), /Queue 'q': .*Its messages come again/);
  });
}

test("a damaged message stops no other one, and is given up", async () => {
  await send([1, 2, 3]);
  db.exec(`UPDATE queue_messages SET body = '{"$":"nope"' WHERE body = '2'`);

  consume({ maxBatchTimeoutMs: 0, maxRetries: 1 });
  await pass(1);

  assert.deepEqual(batches, [[1, 3]]);
  assert.equal(store.queues.size("q"), 0);
  assert.match(reports[0], /Message id1 of queue 'q' is damaged/);
});

test("messages that are no list are refused", async () => {
  await assert.rejects(queues.send("local", "q", /** @type {any} */ ({ length: 1 })), { name: "TypeError" });
});
