import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { JavaScriptGuest } from "../../../runtime/javascript/pool.js";
import { PLACES } from "../guest.js";
import { useEngine } from "../real.js";

const INVALID = 'returned an invalid delay value (expected a number of ms or a duration string like "30 seconds")';

for (const { where, runtime, transport } of PLACES) {
  describe(`delay functions and rollbacks ${where}`, () => {
    const real = useEngine("undoing.py", { runtime, transport });

    test("a delay function is given context and error, and may give a timedelta", async () => {
      const { output, steps } = await real.run("Delays");

      assert.deepEqual(output, [
        false,
        [
          [1, false, "ValueError", "no 1"],
          [2, false, "ValueError", "no 2"],
        ],
      ]);
      assert.deepEqual(
        steps[0].attempts.map((/** @type {any} */ attempt) => attempt.retryDelayMs),
        [2, 4, undefined],
      );
      assert.equal(steps[0].config.retries.delay, "[dynamic]");
    });

    for (const [kind, reason] of [
      ["throws", "threw an error: division by zero"],
      ["gives", `${INVALID}: <class 'object'>`],
      ["nothing", `${INVALID}: None`],
      ["negative", `${INVALID}: -1`],
    ]) {
      test(`a delay function that ${kind} what it must not fails the step`, async () => {
        const { error } = await real.run("BadDelay", { kind });

        assert.equal(error?.name, "NonRetryableDelayError");
        assert.equal(error?.message, `The delay function for step "failing-1" ${reason}`);
      });
    }

    test("handlers and delay functions that ask for what there is not are refused at once", async () => {
      const { output } = await real.run("Refusals");

      assert.deepEqual(output, [
        'Rollback for "x" must be a function',
        "The rollback of step \"x\" has a parameter 'outptu'. It can have: ctx, error, output, step_name. Did you mean 'output'?",
        'Rollback for "x" must be a function',
        "The delay function for step \"x\" has a parameter 'context'. It can have: ctx, error. Did you mean 'ctx'?",
        'step.do() has no option "rolback". Did you mean "rollback"?',
        null,
      ]);
    });

    test("an instance that fails undoes its steps, and its handlers get what they name", async () => {
      const { status, error, rollback, logs, steps } = await real.run("Failing", { seen: "seen" });

      assert.equal(status, "errored");
      assert.deepEqual([error?.name, error?.message], ["NonRetryableError", "declined"]);
      assert.deepEqual(rollback, { outcome: "complete", error: null });
      assert.deepEqual(
        logs.map(({ step, text }) => [step, text]),
        [
          [null, "outside of steps"],
          ["charge-1", "seen refund ['ctx', 'error', 'output', 'step_name'] None charge-1 charge"],
          ["book-1", "seen cancel 7 NonRetryableError declined"],
        ],
      );
      assert.deepEqual(
        steps.map(({ type, name }) => `${type} ${name}`),
        ["step book-1", "step charge-1", "rollback charge-1", "rollback book-1"],
      );
    });

    test("a callback does not run where the configuration of its rollback is refused", async () => {
      const { error, logs } = await real.run("Misconfigured");

      assert.match(String(error?.message), /timout is not known/);
      assert.deepEqual(logs, []);
    });

    test("terminate with rollback tells the handlers so", async () => {
      const id = await real.engine.creator.create("Terminated");
      await real.until("Terminated", id, (status) => status === "waiting");

      await real.engine.commands.terminate("Terminated", id, { rollback: true });
      const { status, rollback } = await real.end("Terminated", id);

      assert.equal(status, "terminated");
      assert.deepEqual(rollback, { outcome: "complete", error: null });
    });

    test("a handler is retried, and may not call steps", async () => {
      const { rollback, steps } = await real.run("Flaky");

      assert.equal(rollback?.outcome, "failed");
      assert.equal(rollback?.error?.message, "Cannot execute steps during rollback phase");
      assert.deepEqual(
        steps[1].attempts.map((/** @type {any} */ { error }) => error.name),
        ["ValueError", "WorkflowFatalError"],
      );
    });
  });
}

describe("delay functions and rollbacks in JavaScript", () => {
  const folder = fileURLToPath(new URL("../javascript/flows", import.meta.url));
  const real = useEngine(new JavaScriptGuest({ deployment: { root: folder, main: `${folder}/undoing.js`, vars: {} } }));

  test("a delay function is asked with context and error", async () => {
    assert.deepEqual((await real.run("Undoing")).output, [[1, "no"]]);
  });

  test("a handler gets context, error, output and the step's name", async () => {
    const { rollback, logs, steps } = await real.run("Undoing", { fail: true });

    assert.deepEqual(rollback, { outcome: "complete", error: null });
    assert.deepEqual(
      logs.map(({ step, text }) => [step, text]),
      [["first-1", 'first boom [ [ 1, "no" ] ] first-1'.replaceAll('"', "'")]],
    );
    assert.equal(steps[1].config.timeout, "1 minute");
  });

  test("a callback does not run where the configuration of its rollback is refused", async () => {
    const { error, logs } = await real.run("Misconfigured");

    assert.match(String(error?.message), /timout is not known/);
    assert.deepEqual(logs, []);
  });
});
