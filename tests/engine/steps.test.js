import assert from "node:assert/strict";
import { test } from "node:test";
import { ATTEMPT_FAILURE, ATTEMPT_START, STEP_START } from "../../js/engine/events.js";
import { NonRetryableError } from "./fake_guest.js";
import { Harness } from "./harness.js";

test("an instance whose steps succeed completes with what run() returns", async () => {
  const h = new Harness(async (event, step) => {
    const a = await step.do("a", () => event.payload.x + 1);
    return step.do("b", () => a * 2);
  });

  await h.create({ x: 20 });

  assert.equal(h.status(), "complete");
  assert.deepEqual(h.problems, []);
  assert.equal(h.output(), 42);
  assert.deepEqual(h.log({ workflow: true }), [
    "WORKFLOW_QUEUED",
    "WORKFLOW_START",
    "WORKFLOW_RUNNING",
    "STEP_START a-1",
    "ATTEMPT_START a-1",
    "ATTEMPT_SUCCESS a-1",
    "STEP_SUCCESS a-1",
    "STEP_START b-1",
    "ATTEMPT_START b-1",
    "ATTEMPT_SUCCESS b-1",
    "STEP_SUCCESS b-1",
    "WORKFLOW_SUCCESS",
  ]);
});

test("a step's default configuration is upstream's, and is logged", async () => {
  const h = new Harness((_, step) => step.do("a", () => 1));

  await h.create();

  const [{ config }] = h.details(STEP_START);
  assert.deepEqual(config, { retries: { limit: 5, delay: 1000, backoff: "exponential" }, timeout: "10 minutes" });
});

test("a failed attempt is retried after its delay, which grows exponentially", async () => {
  /** @type {number[]} */
  const attempts = [];
  const h = new Harness((_, step) =>
    step.do("a", { retries: { limit: 3, delay: 100 } }, (ctx) => {
      attempts.push(ctx.attempt);
      if (ctx.attempt < 4) throw new TypeError("no");
      return "yes";
    }),
  );

  await h.create();
  assert.deepEqual(attempts, [1]);
  await h.pass(99);
  assert.deepEqual(attempts, [1]);
  await h.pass(1);
  assert.deepEqual(attempts, [1, 2]);
  await h.pass(600);

  assert.equal(h.output(), "yes");
  assert.deepEqual(
    h.details(ATTEMPT_FAILURE).map((d) => d.retryDelayMs),
    [100, 200, 400],
  );
  assert.deepEqual(h.details(ATTEMPT_FAILURE)[0].error, { name: "TypeError", message: "no" });
});

test("a step that exhausts its retries rejects with the last error, which run() may catch", async () => {
  const h = new Harness(async (_, step) => {
    const error = await step
      .do("a", { retries: { limit: 1, delay: 0 } }, () => {
        throw new RangeError("always");
      })
      .catch((/** @type {Error} */ e) => e);
    return `caught ${error.name}: ${error.message}`;
  });

  await h.create();

  assert.equal(h.output(), "caught RangeError: always");
  assert.deepEqual(h.log(), [
    "STEP_START a-1",
    "ATTEMPT_START a-1",
    "ATTEMPT_FAILURE a-1",
    "ATTEMPT_START a-1",
    "ATTEMPT_FAILURE a-1",
    "STEP_FAILURE a-1",
  ]);
});

test("a NonRetryableError ends the step at its first attempt, and is replayed as it was", async () => {
  let calls = 0;
  const h = new Harness(async (_, step) => {
    const error = await step
      .do("a", () => {
        calls += 1;
        throw new NonRetryableError("stop\nit");
      })
      .catch((/** @type {Error} */ e) => e);
    await step.sleep("nap", "1 hour");
    return error.message;
  });

  await h.create();
  await h.pass(3_600_000);

  assert.equal(h.output(), "stop\nit");
  assert.equal(calls, 1);
});

test("an uncaught error makes the instance errored, with name and message", async () => {
  const h = new Harness(async () => {
    throw new TypeError("in run");
  });

  await h.create();

  assert.equal(h.status(), "errored");
  assert.deepEqual(h.error(), { name: "TypeError", message: "in run" });
});

test("an attempt that takes longer than its timeout fails, and its late result is not looked at", async () => {
  /** @type {(() => void)[]} */
  const releases = [];
  const h = new Harness((_, step) =>
    step.do(
      "a",
      { timeout: 500, retries: { limit: 1, delay: 0 } },
      (ctx) => new Promise((resolve) => releases.push(() => resolve(ctx.attempt))),
    ),
  );

  await h.create();
  await h.pass(500);
  releases[0]();
  await h.settle();
  assert.equal(h.status(), "running");
  releases[1]();
  await h.settle();

  assert.equal(h.output(), 2);
  assert.deepEqual(h.details(ATTEMPT_FAILURE)[0].error, {
    name: "WorkflowTimeoutError",
    message: "Execution timed out after 500ms",
  });
});

/** @param {{ step: { count: number } }} ctx */
const countOf = (ctx) => ctx.step.count;

test("the same name called twice is two steps with counts of their own", async () => {
  const h = new Harness(async (_, step) => [await step.do("a", countOf), await step.do("a", countOf)]);

  await h.create();

  assert.deepEqual(h.output(), [1, 2]);
  assert.deepEqual(h.details(ATTEMPT_START).length, 2);
});

test("a result above 1 MiB fails the attempt by upstream's text", async () => {
  const h = new Harness((_, step) =>
    step.do("a", { retries: { limit: 0, delay: 0 } }, () => "x".repeat(1024 * 1024 + 1)),
  );

  await h.create();

  assert.deepEqual(h.error(), {
    name: "WorkflowInternalError",
    message: "Step a-1 output is too large. Maximum allowed size is 1MiB.",
  });
});

/** @type {[string, object, string][]} */
const REFUSED = [
  ["an unknown key", { retry: {} }, "retry is not known; known are retries, timeout, sensitive, progress"],
  ["retries without a delay", { retries: { limit: 1 } }, "retries.delay is missing"],
  ["a delay that is no duration", { retries: { limit: 1, delay: "i like trains" } }, 'not "i like trains"'],
  ["a negative limit", { retries: { limit: -1, delay: 0 } }, "from 0 to 10000"],
  ["a timeout of 0", { timeout: 0 }, "timeout must be a duration above 0"],
  ["sensitive of another kind", { sensitive: "all" }, 'sensitive must be "output"'],
];

for (const [what, config, part] of REFUSED) {
  test(`${what} in a step's configuration is refused at the call, by name`, async () => {
    const h = new Harness((_, step) => step.do("a", config, () => 1));

    await h.create();

    assert.equal(h.error().name, "WorkflowFatalError");
    assert.ok(h.error().message.includes(part), h.error().message);
    assert.deepEqual(h.log(), []);
  });
}

test("a step name of more than 256 characters, or with control characters, is refused", async () => {
  for (const name of ["x".repeat(257), "a\u0000"]) {
    const h = new Harness((_, step) => step.do(name, { timeout: 1000 }, () => 1));
    await h.create();
    assert.match(h.error().message, /exceeds max length \(256 chars\) or invalid characters found/);
  }
});

test("concurrent steps run side by side", async () => {
  let most = 0;
  let now = 0;
  const h = new Harness(async (_, step) =>
    Promise.all(
      ["a", "b", "c"].map((name) =>
        step.do(name, async () => {
          most = Math.max(most, ++now);
          await Promise.resolve();
          now -= 1;
          return name;
        }),
      ),
    ),
  );

  await h.create();

  assert.deepEqual(h.output(), ["a", "b", "c"]);
  assert.equal(most, 3);
});
