/**
 * Engines that join, are killed, and are declared dead while they live, in random orders that a seed gives, while all of them send
 * and consume: each message whose sending has settled is delivered, and in the end none is left. STEPWELL_SHARING_SEEDS: how many orders.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { randomOf } from "./random.js";
import { SharedState } from "./shared_state.js";

/** @import { Member } from "./shared_state.js" */

const SEEDS = Number(process.env.STEPWELL_SHARING_SEEDS ?? 2);
const FAULTS = 12;
const MESSAGES_BEFORE_FAULT = 12;
const QUEUES = Array.from({ length: 10 }, (_, n) => `q${n}`);
const DEAD = "dead";
const DONE = { ackAll: false, explicitAcks: [], retryBatch: { retry: false }, retryMessages: [] };

/** @param {number} seed */
async function run(seed) {
  const random = randomOf(seed);
  /** @type {Set<unknown>} */
  const delivered = new Set();
  /** @type {Set<unknown>} */
  const dead = new Set();
  /** Those whose sending has settled. @type {Set<string>} */
  const sent = new Set();
  const state = new SharedState(() => async () => undefined);
  let names = 0;

  /** @param {Member} member */
  const consumeAll = ({ queues }) => {
    for (const queue of QUEUES)
      queues.consume(
        "default",
        queue,
        { maxBatchSize: 3, maxBatchTimeoutMs: 200, maxRetries: 1, deadLetterQueue: DEAD },
        async ({ messages }) => {
          await new Promise((resolve) =>
            state.clock.at(state.clock.now() + Math.floor(random() * 800), () => resolve(undefined)),
          );
          const isBad = (/** @type {any} */ body) => body.endsWith("bad");
          for (const { body } of messages) if (!isBad(body)) delivered.add(body);
          const retried = messages.filter(({ body }) => isBad(body));
          return { ...DONE, retryMessages: retried.map(({ id }) => ({ msgId: id })) };
        },
      );
    queues.consume("default", DEAD, { maxBatchTimeoutMs: 0 }, async ({ messages }) => {
      for (const { body } of messages) dead.add(body);
      return DONE;
    });
  };
  const join = async () => consumeAll(await state.join(`engine ${++names}`));

  await join();
  await join();
  for (let fault = 0; fault < FAULTS; fault++) {
    for (let n = 0; n < MESSAGES_BEFORE_FAULT; n++) {
      const { queues } = state.members[Math.floor(random() * state.members.length)];
      const body = `${fault} ${n} ${random() < 0.2 ? "bad" : "good"}`;
      const sending = queues.send("default", QUEUES[Math.floor(random() * QUEUES.length)], [{ body }]);
      sending.then(
        () => sent.add(body),
        () => {},
      );
      if (random() < 0.3) await state.pass(Math.floor(random() * 300));
    }
    const victim = state.members[Math.floor(random() * state.members.length)];
    const what = random();
    if (what < 0.5 && state.members.length < 4) await join();
    else if (state.members.length > 1 && what < 0.75) state.kill(victim);
    else if (state.members.length > 1) {
      // It lives on, and learns of it by its next write or renewal.
      /** @type {any} */ (state.database.engines.get(victim.attached.member.id)).dead = true;
      await state.pass(3000);
      assert.equal(victim.fenced.length, 1);
      state.members = state.members.filter((each) => each !== victim);
    }
  }
  await state.pass(60_000);

  const lost = [...sent].filter((body) => !(body.endsWith("bad") ? dead : delivered).has(body));
  const problems = state.members.flatMap((member) => member.problems);
  const left = state.database.rows("queue_messages").length;
  state.close();
  return { lost, left, problems, isMostSent: sent.size > (FAULTS * MESSAGES_BEFORE_FAULT) / 2 };
}

for (let seed = 1; seed <= SEEDS; seed++) {
  test(`engines come and go, and no message is lost: order ${seed}`, async () => {
    assert.deepEqual(await run(seed), { lost: [], left: 0, problems: [], isMostSent: true });
  });
}
