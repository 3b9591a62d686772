import assert from "node:assert/strict";
import { test } from "node:test";
import { ATTEMPT_FAILURE, STEP_START } from "../../js/engine/events.js";
import { Harness } from "./harness.js";

/** @import { Run } from "./fake_guest.js" */

/** @param {(input: any) => any} delay @param {object} [retries] */
const withDelay = (delay, retries = {}) => ({ retries: { limit: 5, delay, backoff: "constant", ...retries } });

/** ms after which even that is on the disk which nobody waits for. */
const COMMITTED = 3;

/** @param {unknown} config @param {number} failures @returns {Run} */
function flaky(config, failures = 1) {
  let calls = 0;
  return async (_, step) =>
    await step.do("a", config, () => {
      calls += 1;
      if (calls <= failures) throw new Error(`no ${calls}`);
      return calls;
    });
}

test("a delay function says how long to wait, and what it gave is in the log", async () => {
  const h = new Harness(flaky(withDelay(() => 50)));
  await h.create();
  assert.equal(h.status(), "running");

  await h.pass(50);

  assert.equal(h.output(), 2);
  assert.equal(h.details(ATTEMPT_FAILURE)[0].retryDelayMs, 50);
  assert.equal(h.details(STEP_START)[0].config.retries.delay, "[dynamic]");
});

test("it is asked after each failure that is retried, with context and error, and its base grows by the back-off", async () => {
  /** @type {any[]} */
  const asked = [];
  const delay = (/** @type {any} */ { ctx, error }) => {
    asked.push([ctx.step.name, ctx.attempt, "delay" in ctx.config.retries, error.message]);
    return "1 second";
  };
  const h = new Harness(flaky(withDelay(delay, { limit: 2, backoff: "exponential" }), 9));
  await h.create();

  await h.pass(10_000);

  assert.deepEqual(asked, [
    ["a", 1, false, "no 1"],
    ["a", 2, false, "no 2"],
  ]);
  assert.deepEqual(
    h.details(ATTEMPT_FAILURE).map(({ retryDelayMs }) => retryDelayMs),
    [1000, 2000, undefined],
  );
  assert.equal(h.error().message, "no 3");
});

test("the context of an attempt shows a delay only where it is fixed", async () => {
  const seen = /** @type {any[]} */ ([]);
  const h = new Harness(async (_, step) => {
    await step.do(
      "a",
      withDelay(() => 1),
      (ctx) => seen.push("delay" in ctx.config.retries),
    );
    await step.do("b", withDelay(/** @type {any} */ (1234)), (ctx) => seen.push(ctx.config.retries.delay));
  });

  await h.create();

  assert.deepEqual(seen, [false, 1234]);
});

const INVALID = 'returned an invalid delay value (expected a number of ms or a duration string like "30 seconds")';

for (const [what, delay, reason] of /** @type {[string, () => any, string][]} */ ([
  ["throws", () => assert.fail("delay boom"), "threw an error: delay boom"],
  ["gives a negative number", () => -1, `${INVALID}: -1`],
  ["gives no duration", () => "soon", `${INVALID}: "soon"`],
  ["gives nothing", () => undefined, `${INVALID}: undefined`],
  ["does not answer", () => new Promise(() => {}), "did not return within 5 seconds"],
])) {
  test(`a delay function that ${what} fails the step, whatever retries are left`, async () => {
    const h = new Harness(flaky(withDelay(delay), 9));
    await h.create();

    await h.pass(5000);

    assert.deepEqual(h.error(), {
      name: "NonRetryableDelayError",
      message: `The delay function for step "a-1" ${reason}`,
    });
    assert.deepEqual(h.log(), ["STEP_START a-1", "ATTEMPT_START a-1", "ATTEMPT_FAILURE a-1", "STEP_FAILURE a-1"]);
    assert.equal(h.details(ATTEMPT_FAILURE)[0].error.message, "no 1");
  });
}

test("a failed delay is replayed as the step's error", async () => {
  const run = /** @type {Run} */ (
    async (_, step) => {
      const error = await step
        .do(
          "a",
          withDelay(() => -1),
          () => assert.fail("no"),
        )
        .catch((e) => e);
      await step.sleep("nap", "1 hour");
      return error.name;
    }
  );
  const h = new Harness(run);
  await h.create();

  h.crash();
  await h.pass(3_600_000);

  assert.equal(h.output(), "NonRetryableDelayError");
});

test("the delay that was computed outlives a crash", async () => {
  const h = new Harness(flaky(withDelay(() => "1 hour")));
  await h.create();
  await h.pass(COMMITTED);

  h.crash();
  await h.pass(3_599_999 - COMMITTED);
  assert.equal(h.status(), "waiting");
  await h.pass(1);

  assert.equal(h.output(), 2);
});

test("a crash while the delay function is asked counts the attempt, and waits a second", async () => {
  const h = new Harness(flaky(withDelay(() => new Promise(() => {}))));
  await h.create();
  await h.pass(COMMITTED);

  h.crash();
  await h.settle();
  assert.deepEqual(
    h.details(ATTEMPT_FAILURE).map(({ error, retryDelayMs }) => [error.name, retryDelayMs]),
    [["WorkflowInternalError", 1000]],
  );
  await h.pass(1000);

  assert.equal(h.output(), 2);
});

test("an interpreter that is lost while it is asked leaves the attempt failed as it was", async () => {
  const h = new Harness(flaky(withDelay(() => new Promise(() => {}))));
  await h.create();

  h.guest.die();
  await h.settle();
  assert.equal(h.details(ATTEMPT_FAILURE)[0].error.message, "no 1");
  await h.pass(1000);

  assert.equal(h.output(), 2);
});

test("a pause waits for the delay function, and the retry comes after the resume", async () => {
  const { promise, resolve } = Promise.withResolvers();
  const h = new Harness(flaky(withDelay(() => promise)));
  await h.create();

  await h.engine.commands.pause("flow", "i1");
  assert.equal(h.status(), "waitingForPause");
  resolve(100);
  await h.settle();
  assert.equal(h.status(), "paused");
  await h.engine.commands.resume("flow", "i1");
  await h.pass(100);

  assert.equal(h.output(), 2);
});
