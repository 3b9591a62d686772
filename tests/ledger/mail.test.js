/** Calls between engines: what the sender gets when the engine that holds the part cannot carry one out. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../conformance/manual_clock.js";
import { StoppedError } from "../../js/engine/commits.js";
import { WorkflowError } from "../../js/engine/errors.js";
import { LedgerError } from "../../js/ledger/ledger_error.js";
import { Mail } from "../../js/ledger/mail.js";
import { describeError } from "../../js/server/api/refusal.js";

/** What a sender gets of a call that ends with *ending*. @param {Error} ending @returns {Promise<WorkflowError>} */
async function sent(ending) {
  const clock = new ManualClock();
  /** @type {any[]} */
  const calls = [];
  /** @type {any[]} */
  const answers = [];
  const ledger = /** @type {any} */ ({
    listen: async () => {},
    post: async (/** @type {any} */ _member, /** @type {any[]} */ [{ request }]) => [calls.push({ id: 1, request })],
    takeCalls: async () => calls.splice(0),
    answerCalls: async (
      /** @type {any} */ _member,
      /** @type {any} */ [
        {
          call: { id },
          answer,
        },
      ],
    ) => answers.push({ id, answer }),
    takeAnswers: async () => answers.splice(0),
  });
  const mail = new Mail(
    ledger,
    /** @type {any} */ ({ id: 1 }),
    {
      clock,
      parts: () => [0],
      carryOut: () => Promise.reject(ending),
      onplaces() {},
      onfailure: (problem) => assert.fail(String(problem)),
    },
  );
  mail.start();
  const call = mail.call(0, "restart", ["flow", "a"]).then(assert.fail, (refused) => refused);
  for (let looks = 0; looks < 3; looks++)
    await clock.moveTo(clock.now() + 500, () => new Promise((resolve) => void setImmediate(() => resolve(undefined))));
  const refused = await call;
  mail.stop();
  return refused;
}

test("a refusal comes to the sender as it is", async () => {
  const { status, reason, message } = describeError(
    await sent(new WorkflowError("instance.not_found", "Instance does not exist: a")),
  );

  assert.deepEqual([status, reason, message], [404, "instance.not_found", "Instance does not exist: a"]);
});

test("an engine that stops has not answered: the request is not at fault, and can be made again", async () => {
  const { status, reason, message } = describeError(await sent(new StoppedError()));

  assert.deepEqual([status, reason], [503, "engine.no_answer"]);
  assert.match(message, /it has stopped, and the request may have been carried out/);
});

test("a fault of the other engine is not the request's", async () => {
  const { status, reason } = describeError(await sent(new Error("a fault")));

  assert.deepEqual([status, reason], [500, "engine.failed"]);
});

test("a database that does not answer is not the request's fault, and can be asked again", () => {
  const { status, reason, message } = describeError(new LedgerError("unavailable", "Connection terminated"));

  assert.deepEqual([status, reason], [503, "engine.no_answer"]);
  assert.equal(message, "The database does not answer: Connection terminated");
});
