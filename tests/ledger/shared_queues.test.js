/** Queues of a state that several engines share: each is delivered by one engine, and no message is lost whatever engines do. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { partOfQueue } from "../../js/ledger/parts.js";
import { TABLES } from "../../js/ledger/tables.js";
import { shared } from "./shared_state.js";

/** @import { ConsumerSettings, Deliver } from "../../js/server/queues/consumer.js" */
/** @import { Member, SharedState } from "./shared_state.js" */

const ACCOUNT = "default";
const DONE = { ackAll: false, explicitAcks: [], retryBatch: { retry: false }, retryMessages: [] };
const AT_ONCE = { maxBatchTimeoutMs: 0 };
const raise = () => Promise.reject(new Error("no"));

const idleRun = () => async () => undefined;

/** What was delivered: the engine, the body and how often. @typedef {[engine: string, body: unknown, attempts: number]} Delivery */

/**
 * Let an engine consume a queue.
 *
 * @param {Member} member
 * @param {string} queue
 * @param {Delivery[]} delivered
 * @param {ConsumerSettings} [settings]
 * @param {Deliver} [handle]
 */
function consume({ name, queues }, queue, delivered, settings = AT_ONCE, handle = async () => DONE) {
  return queues.consume(ACCOUNT, queue, settings, async (batch) => {
    for (const { body, attempts } of batch.messages) delivered.push([name, body, attempts]);
    return await handle(batch);
  });
}

/** @param {Member} member @param {string} queue @param {unknown} body */
const send = ({ queues }, queue, body) => queues.send(ACCOUNT, queue, [{ body }]);

/** A column of all messages that the ledger has. @param {SharedState} state @param {string} column */
const stored = ({ database }, column) =>
  database.rows("queue_messages").map((row) => row[Object.keys(TABLES.queue_messages.columns).indexOf(column)]);

test("a message is delivered once, by the engine that holds its queue, whichever engine sends it", async () => {
  const state = await shared(idleRun, 3);
  const [, holder] = state.members;
  const queue = state.queueOf(holder);
  /** @type {Delivery[]} */
  const delivered = [];
  for (const member of state.members) consume(member, queue, delivered);

  for (const member of state.members) await state.answer(send(member, queue, member.name));
  await state.pass(2000);

  assert.deepEqual(
    delivered,
    state.members.map(({ name }) => [holder.name, name, 1]),
  );
  assert.deepEqual(stored(state, "id"), []);
  state.close();
});

test("a message is in the ledger once it is sent, whichever engine sends it", async () => {
  const state = await shared(idleRun, 2);
  const queue = state.queueOf(state.members[1]);

  await state.answer(send(state.members[0], queue, "there"));

  assert.deepEqual(stored(state, "body"), ['"there"']);
  state.close();
});

for (const { what, messages, words } of [
  { what: "a large message", messages: [{ body: "x".repeat(128_001) }], words: /at most 128000 bytes; one has 128003/ },
  { what: "a long delay", messages: [{ body: 1, delaySeconds: 43_201 }], words: /between 0 and 43200/ },
  { what: "no message", messages: [], words: /at least one/ },
]) {
  test(`${what} is refused in the same way by an engine that does not hold the queue`, async () => {
    const state = await shared(idleRun, 2);
    const queue = state.queueOf(state.members[1]);

    await assert.rejects(state.members[0].queues.send(ACCOUNT, queue, messages), { name: "TypeError", message: words });

    state.close();
  });
}

test("messages of an engine that dies in the middle of a batch come again at the next holder, and count", async () => {
  const state = await shared(idleRun, 3);
  const [other, victim] = state.members;
  const queue = state.queueOf(victim);
  /** @type {Delivery[]} */
  const delivered = [];
  for (const member of state.members)
    consume(member, queue, delivered, { ...AT_ONCE, maxBatchSize: 2 }, () =>
      member === victim ? new Promise(() => {}) : Promise.resolve(DONE),
    );
  for (const body of ["a", "b", "c"]) await state.answer(send(other, queue, body));

  state.kill(victim);
  await state.pass(3000);

  assert.deepEqual(
    delivered.filter(([name]) => name === victim.name).map(([, body]) => body),
    ["a"],
  );
  const again = delivered.filter(([name]) => name !== victim.name);
  assert.deepEqual(
    again.map(([, body, attempts]) => [body, attempts]),
    [
      ["a", 2],
      ["b", 1],
      ["c", 1],
    ],
  );
  assert.deepEqual(stored(state, "id"), []);
  state.close();
});

/**
 * Two engines: the first has a queue whose part the second is about to get, and a batch of it.
 *
 * @param {Delivery[]} delivered
 */
async function beforeHandOver(delivered) {
  const state = await shared(idleRun, 1);
  const [one] = state.members;
  // The second half of the parts is given up.
  const queue = Array.from({ length: 1000 }, (_, n) => `q${n}`).find((name) => partOfQueue(name) >= 32) ?? "";
  /** @type {(() => void)[]} */
  const ends = [];
  consume(one, queue, delivered, AT_ONCE, () => new Promise((resolve) => ends.push(() => resolve(DONE))));
  await state.answer(send(one, queue, "first"));
  await state.settle();
  const two = await state.join("engine 2");
  consume(two, queue, delivered);
  return { state, one, two, queue, ends };
}

test("a batch that runs is waited for when its part goes to another engine, and does not come again", async () => {
  /** @type {Delivery[]} */
  const delivered = [];
  const { state, one, two, queue, ends } = await beforeHandOver(delivered);
  await state.pass(5000);
  await state.answer(send(one, queue, "second"));
  assert.equal(delivered.length, 1, "nothing else begins meanwhile");

  ends[0]();
  await state.pass(3000);

  assert.deepEqual(delivered, [
    [one.name, "first", 1],
    [two.name, "second", 1],
  ]);
  assert.deepEqual([state.shares(), stored(state, "id")], [[32, 32], []]);
  state.close();
});

test("a batch that takes longer than the grace comes again at the next holder, and its own decision has no effect", async () => {
  /** @type {Delivery[]} */
  const delivered = [];
  const { state, one, two, ends } = await beforeHandOver(delivered);

  await state.pass(40_000);
  assert.deepEqual(delivered, [
    [one.name, "first", 1],
    [two.name, "first", 2],
  ]);
  ends[0]();
  await state.pass(3000);

  assert.deepEqual([delivered.length, stored(state, "id"), one.problems], [2, [], []]);
  state.close();
});

test("an engine that has given up a part delivers nothing of it any more", async () => {
  /** @type {Delivery[]} */
  const delivered = [];
  const { state, one, two, queue, ends } = await beforeHandOver(delivered);
  ends[0]();
  await state.pass(3000);

  await state.answer(one.queues.send(ACCOUNT, queue, [{ body: "late", delaySeconds: 5 }]));
  await state.pass(10_000);

  assert.deepEqual(delivered.slice(1), [[two.name, "late", 1]]);
  state.close();
});

test("a dead letter goes to the engine that holds its queue, and begins anew there", async () => {
  const state = await shared(idleRun, 2);
  const [one, two] = state.members;
  const [queue, dead] = [state.queueOf(one), state.queueOf(two, "dead")];
  /** @type {Delivery[]} */
  const delivered = [];
  for (const member of state.members) {
    consume(member, queue, delivered, { ...AT_ONCE, maxRetries: 1, deadLetterQueue: dead }, raise);
    consume(member, dead, delivered);
  }

  await state.answer(send(one, queue, "letter"));
  await state.pass(2000);

  assert.deepEqual(delivered, [
    [one.name, "letter", 1],
    [one.name, "letter", 2],
    [two.name, "letter", 1],
  ]);
  assert.deepEqual(stored(state, "id"), []);
  state.close();
});

test("a dead letter whose engine dies before it answers is handed over again", async () => {
  const state = await shared(idleRun, 2);
  const [one, two] = state.members;
  const [queue, dead] = [state.queueOf(one), state.queueOf(two, "dead")];
  /** @type {Delivery[]} */
  const delivered = [];
  two.attached.ledger.answerCalls = () => new Promise(() => {});
  const settings = { ...AT_ONCE, maxRetries: 0, deadLetterQueue: dead };
  for (const member of state.members) consume(member, queue, delivered, settings, raise);
  await state.answer(send(one, queue, "letter"));
  await state.pass(1000);
  assert.deepEqual(new Set(stored(state, "queue")), new Set([queue, dead]), "it stays until it is acknowledged");

  state.kill(two);
  consume(one, dead, delivered);
  await state.pass(5000);

  assert.deepEqual(
    delivered,
    Array.from({ length: 3 }, () => [one.name, "letter", 1]),
    "once, and twice as a dead letter: at least once",
  );
  assert.deepEqual(stored(state, "id"), []);
  state.close();
});

test("what is sent while no engine holds the queue settles once one does", async () => {
  const state = await shared(idleRun, 2);
  const [one, victim] = state.members;
  const queue = state.queueOf(victim);
  /** @type {Delivery[]} */
  const delivered = [];
  consume(one, queue, delivered);
  state.kill(victim);

  await state.answer(send(one, queue, "early"));
  await state.pass(1000);

  assert.deepEqual(delivered, [[one.name, "early", 1]]);
  state.close();
});

test("a sender whose answer is lost learns that its messages may have been sent", async () => {
  const state = await shared(idleRun, 2);
  const [one, victim] = state.members;
  const queue = state.queueOf(victim);
  victim.attached.ledger.answerCalls = () => new Promise(() => {});
  const refused = assert.rejects(send(one, queue, "a"), {
    reason: "engine.no_answer",
    message: `Messages to queue '${queue}' may have been sent. Another engine of this state has not answered: it has died, and the request may have been carried out.`,
  });
  await state.pass(600);

  state.kill(victim);
  await state.pass(2000);

  await refused;
  assert.deepEqual(stored(state, "body"), ['"a"']);
  state.close();
});

test("a sender learns that its messages were not sent where no engine takes them", async () => {
  const state = await shared(idleRun, 2);
  const [one, deaf] = state.members;
  const queue = state.queueOf(deaf);
  deaf.attached.ledger.takeCalls = async () => [];
  const refused = assert.rejects(send(one, queue, "a"), {
    reason: "engine.no_answer",
    message: new RegExp(`^Messages to queue '${queue}' were not sent\\. .* nothing was done\\.$`),
  });

  await state.pass(31_000);

  await refused;
  assert.deepEqual(stored(state, "id"), []);
  state.close();
});

test("messages wait where the engine that holds their queue does not consume it", async () => {
  const state = await shared(idleRun, 2);
  const [one, two] = state.members;
  const queue = state.queueOf(two);
  /** @type {Delivery[]} */
  const delivered = [];
  consume(one, queue, delivered);
  await state.answer(send(one, queue, "patient"));
  await state.pass(60_000);
  assert.deepEqual(delivered, []);

  state.kill(two);
  await state.pass(2000);

  assert.deepEqual(delivered, [[one.name, "patient", 1]]);
  state.close();
});

test("no message has the number of another one, after its engine has taken over those of others", async () => {
  const state = await shared(idleRun, 3);
  const [one, two, victim] = state.members;
  const held = (/** @type {string} */ name) => state.database.holders[partOfQueue(name)] === victim.attached.member.id;
  const queues = Array.from({ length: 200 }, (_, n) => `q${n}`).filter(held);
  for (const queue of queues) await victim.queues.send(ACCOUNT, queue, [{ body: 3 }]);
  state.kill(victim);
  await state.pass(3000);

  for (const member of [one, two]) for (const queue of queues) await state.answer(send(member, queue, member.name));

  assert.ok(queues.length > 20);
  assert.equal(stored(state, "id").length, 3 * queues.length);
  state.close();
});

test("an engine that joins has the messages of its parts, and those alone", async () => {
  const state = await shared(idleRun, 1);
  const [one] = state.members;
  const queues = Array.from({ length: 40 }, (_, n) => `q${n}`);
  for (const queue of queues) await state.answer(send(one, queue, 1));
  await state.join("engine 2");
  await state.pass(5000);

  for (const { attached } of state.members) {
    const { id } = attached.member;
    assert.deepEqual(
      queues.filter((queue) => attached.store.queues.size(queue) > 0),
      queues.filter((queue) => state.database.holders[partOfQueue(queue)] === id),
    );
  }
  assert.equal(stored(state, "id").length, queues.length, "nothing of that is a change");
  state.close();
});
