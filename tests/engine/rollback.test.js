import assert from "node:assert/strict";
import { test } from "node:test";
import * as E from "../../js/engine/events.js";
import { instanceDetail, subscriptionEvent } from "../../js/engine/detail.js";
import { Harness } from "./harness.js";

/** @import { FakeStep, Run } from "./fake_guest.js" */

const HOUR = 3_600_000;

/** A workflow that notes what it undoes. @param {(step: FakeStep, undo: (name?: string) => any) => Promise<unknown>} body */
function undoing(body) {
  /** @type {any[]} */
  const undone = [];
  const undo = (/** @type {string | undefined} */ name) => ({
    rollback: (/** @type {any} */ input) => void undone.push(name ?? input.stepName),
  });
  const h = new Harness(async (_, step) => await body(step, undo));
  return { h, undone };
}

const fail = () => {
  throw new Error("boom");
};

/** @param {Harness} h */
const rollbackLog = (h) =>
  h.log({ workflow: true }).filter((line) => line.startsWith("ROLLBACK") || /FAILURE$|TERM/.test(line));

test("an error that nobody catches undoes the steps, the last to have started first", async () => {
  const { h, undone } = undoing(async (step, undo) => {
    for (const name of ["a", "b", "c"]) await step.do(name, () => name, undo());
    throw new Error("boom");
  });

  await h.create();

  assert.deepEqual(undone, ["c-1", "b-1", "a-1"]);
  assert.equal(h.status(), "errored");
  assert.deepEqual(h.error(), { name: "Error", message: "boom" });
  assert.deepEqual(rollbackLog(h), [
    "ROLLBACK_START",
    ...["c-1", "b-1", "a-1"].flatMap((target) => [
      `ROLLBACK_STEP_START ${target}`,
      `ROLLBACK_ATTEMPT_START ${target}`,
      `ROLLBACK_ATTEMPT_SUCCESS ${target}`,
      `ROLLBACK_STEP_SUCCESS ${target}`,
    ]),
    "ROLLBACK_COMPLETE",
    "WORKFLOW_FAILURE",
  ]);
  const { triggerError, totalSteps } = h.details(E.ROLLBACK_START)[0];
  assert.deepEqual([triggerError.message, totalSteps], ["boom", 3]);
});

test("parallel steps are undone in the reverse order of their starts, not of their ends", async () => {
  const { h, undone } = undoing(async (step, undo) => {
    const slow = Promise.withResolvers();
    const both = [step.do("first", () => slow.promise, undo()), step.do("second", () => slow.resolve(1), undo())];
    await Promise.all(both);
    throw new Error("boom");
  });

  await h.create();

  assert.deepEqual(undone, ["second-1", "first-1"]);
});

test("a handler is told the step's context, the error, the output and the step's name", async () => {
  /** @type {any[]} */
  const seen = [];
  const rollback = (/** @type {any} */ input) => void seen.push(input);
  const h = new Harness(async (_, step) => {
    await step.do("a", () => ({ id: 7 }), { rollback });
    await step.do("b", { retries: { limit: 1, delay: () => 0 } }, fail, { rollback });
  });

  await h.create();

  const [failed, done] = seen;
  assert.deepEqual(done.ctx.step, { name: "a", count: 1 });
  assert.deepEqual([done.error.message, done.output, done.stepName], ["boom", { id: 7 }, "a-1"]);
  assert.deepEqual([failed.output, failed.stepName, failed.ctx.attempt], [undefined, "b-1", 2]);
  assert.deepEqual(failed.ctx.config.retries, { limit: 1, backoff: "exponential" });
});

test("only steps with a handler are undone, and a workflow that succeeds or catches undoes nothing", async () => {
  const some = undoing(async (step, undo) => {
    await step.do("a", () => 1);
    await step.do("b", () => 1, undo());
    throw new Error("boom");
  });
  const caught = undoing(async (step, undo) => {
    await step.do("a", { retries: { limit: 0, delay: 0 } }, fail, undo()).catch(() => {});
    return "fine";
  });

  await some.h.create();
  await caught.h.create();

  assert.equal(some.h.details(E.ROLLBACK_START)[0].totalSteps, 1);
  assert.deepEqual(some.undone, ["b-1"]);
  assert.equal(caught.h.output(), "fine");
  assert.ok(!rollbackLog(caught.h).some((line) => line.startsWith("ROLLBACK")));
});

test("a handler is retried as its configuration says, and the log has it", async () => {
  let tries = 0;
  const rollback = () => {
    tries += 1;
    if (tries < 3) throw new Error("not yet");
  };
  const h = new Harness(async (_, step) => {
    await step.do("a", () => 1, {
      rollback,
      rollbackConfig: { retries: { limit: 2, delay: HOUR, backoff: "constant" } },
    });
    throw new Error("boom");
  });
  await h.create();
  await h.pass(1000);
  assert.equal(h.status(), "rollingBack");
  assert.equal(h.guest.passes.size, 0);

  await h.pass(2 * HOUR);

  assert.equal(h.status(), "errored");
  assert.equal(h.details(E.ROLLBACK_STEP_START)[0].config.retries.limit, 2);
  assert.equal(h.details(E.ROLLBACK_ATTEMPT_START).length, 3);
});

test("the first handler that fails for good ends the rollback", async () => {
  const { h, undone } = undoing(async (step, undo) => {
    await step.do("a", () => 1, undo());
    await step.do("b", () => 1, {
      rollback: () => assert.fail("cannot"),
      rollbackConfig: { retries: { limit: 0, delay: 0 } },
    });
    await step.do("c", () => 1, undo());
    throw new Error("boom");
  });

  await h.create();

  assert.deepEqual(undone, ["c-1"]);
  assert.deepEqual(rollbackLog(h).slice(-3), ["ROLLBACK_STEP_FAILURE b-1", "ROLLBACK_FAILED", "WORKFLOW_FAILURE"]);
  const { totalSteps, completedSteps } = h.details(E.ROLLBACK_FAILED)[0];
  assert.deepEqual([totalSteps, completedSteps], [3, 1]);
  const detail = detailOf(h);
  assert.deepEqual(detail.rollback, { outcome: "failed", error: { name: "AssertionError", message: "cannot" } });
  assert.deepEqual(detail.error, { name: "Error", message: "boom" });
});

test("terminate with rollback undoes what is done and what is under way, and says so to the handlers", async () => {
  /** @type {any[]} */
  const seen = [];
  const rollback = (/** @type {any} */ input) => void seen.push(input);
  const h = new Harness(async (_, step) => {
    await step.do("a", () => "out", { rollback });
    await step.do("b", () => new Promise(() => {}), { rollback });
  });
  await h.create();

  await h.engine.commands.terminate("flow", "i1", { rollback: true });
  assert.equal(h.status(), "rollingBack");
  await h.settle();

  assert.equal(h.status(), "terminated");
  assert.deepEqual(
    seen.map(({ stepName, output, error }) => [stepName, output, error.name, error.message]),
    [
      ["b-1", undefined, "Terminated", "Instance terminated during rollback"],
      ["a-1", "out", "Terminated", "Instance terminated during rollback"],
    ],
  );
  assert.deepEqual(rollbackLog(h).slice(-2), ["ROLLBACK_COMPLETE", "WORKFLOW_TERMINATED"]);
});

test("terminate without rollback, or with nothing to undo, ends at once", async () => {
  const { h, undone } = undoing(async (step, undo) => {
    await step.do("a", () => 1, undo());
    await step.sleep("nap", HOUR);
  });
  await h.create();
  await h.engine.commands.terminate("flow", "i1");
  assert.equal(h.status(), "terminated");

  const plain = new Harness((_, step) => step.sleep("nap", HOUR));
  await plain.create();
  await plain.engine.commands.terminate("flow", "i1", { rollback: true });

  assert.equal(plain.status(), "terminated");
  assert.deepEqual(undone, []);
});

for (const status of ["waiting", "paused"]) {
  test(`terminate with rollback finds the handlers again where the instance is ${status} and its engine new`, async () => {
    let calls = 0;
    const { h, undone } = undoing(async (step, undo) => {
      await step.do("a", () => ++calls, undo());
      await step.do("b", { retries: { limit: 0, delay: 0 } }, fail, undo()).catch(() => {});
      await step.sleep("nap", HOUR);
      await step.waitForEvent("w", { type: "go" });
      await step.do("never", () => ++calls, undo());
    });
    await h.create();
    await h.pass(1000);
    if (status === "paused") await h.engine.commands.pause("flow", "i1");
    h.crash();
    await h.settle();

    await h.engine.commands.terminate("flow", "i1", { rollback: true });
    await h.settle();

    assert.equal(h.status(), "terminated");
    assert.deepEqual(undone, ["b-1", "a-1"]);
    assert.equal(calls, 1);
  });
}

test("a handler that the code no longer has ends the rollback", async () => {
  const { h, undone } = undoing(async (step, undo) => {
    await step.do("a", () => 1, undo());
    await step.sleep("nap", HOUR);
  });
  await h.create();
  h.crash(async (_, step) => {
    await step.do("a", () => 1);
    await step.sleep("nap", HOUR);
  });
  await h.settle();

  await h.engine.commands.terminate("flow", "i1", { rollback: true });
  await h.settle();

  assert.equal(h.status(), "terminated");
  assert.deepEqual(undone, []);
  assert.deepEqual(rollbackLog(h), [
    "ROLLBACK_START",
    "ROLLBACK_STEP_FAILURE a-1",
    "ROLLBACK_FAILED",
    "WORKFLOW_TERMINATED",
  ]);
  const error = { name: "RollbackMissing", message: "Rollback function not available in registry" };
  assert.deepEqual(detailOf(h).rollback, { outcome: "failed", error });
});

test("a handler that has finished does not run again after a crash; one that was cut short does, and is charged", async () => {
  let hang = true;
  /** @type {string[]} */
  const undone = [];
  const h = new Harness(async (_, step) => {
    for (const name of ["a", "b"]) {
      await step.do(name, () => name, {
        rollback: async () => {
          undone.push(name);
          if (name === "a" && hang) await new Promise(() => {});
        },
      });
    }
    throw new Error("boom");
  });
  await h.create();
  assert.deepEqual(undone, ["b", "a"]);
  hang = false;

  h.crash();
  await h.settle();

  assert.deepEqual(undone, ["b", "a", "a"]);
  assert.equal(h.status(), "errored");
  assert.equal(h.details(E.ROLLBACK_ATTEMPT_FAILURE)[0].error.name, "WorkflowInternalError");
});

test("a handler that takes too long fails as a step does", async () => {
  const h = new Harness(async (_, step) => {
    const rollbackConfig = { timeout: 1000, retries: { limit: 0, delay: 0 } };
    await step.do("a", () => 1, { rollback: () => new Promise(() => {}), rollbackConfig });
    throw new Error("boom");
  });
  await h.create();

  await h.pass(1000);

  assert.equal(h.status(), "errored");
  assert.equal(detailOf(h).rollback?.error?.message, "Execution timed out after 1000ms");
});

test("handlers cannot call steps, and steps that a replay calls do not run", async () => {
  /** @type {string[]} */
  const said = [];
  const h = new Harness(async (_, step) => {
    const rollback = () =>
      step.do("more", () => 1).catch((/** @type {Error} */ error) => void said.push(error.message));
    await step.do("a", () => 1, { rollback });
    throw new Error("boom");
  });

  await h.create();

  assert.deepEqual(said, ["Cannot execute steps during rollback phase"]);
  assert.equal(h.status(), "errored");
});

test("a replay that hangs is given up, and what it has found is undone", async () => {
  let stuck = false;
  const { h, undone } = undoing(async (step, undo) => {
    await step.do("a", () => 1, undo());
    if (stuck) await new Promise(() => {});
    stuck = true;
    throw new Error("boom");
  });
  await h.create();
  assert.equal(h.status(), "rollingBack");

  await h.pass(60_000);

  assert.deepEqual(undone, ["a-1"]);
  assert.equal(h.status(), "errored");
});

test("an interpreter that dies under a handler is not the end of the rollback", async () => {
  let hang = true;
  const h = new Harness(async (_, step) => {
    await step.do("a", () => 1, { rollback: () => (hang ? new Promise(() => {}) : undefined) });
    throw new Error("boom");
  });
  await h.create();
  hang = false;

  h.guest.die();
  await h.settle();

  assert.equal(h.status(), "errored");
  assert.deepEqual(detailOf(h).rollback, { outcome: "complete", error: null });
});

test("a rollback can be terminated, and restarted as a whole or from a step", async () => {
  const h = new Harness(async (_, step) => {
    await step.do("a", () => 1, { rollback: () => new Promise(() => {}) });
    await step.do("b", { retries: { limit: 0, delay: 0 } }, fail);
  });
  await h.create();
  assert.equal(h.status(), "rollingBack");
  await h.engine.commands.pause("flow", "i1");
  await h.engine.commands.terminate("flow", "i1", { rollback: true });
  assert.equal(h.status(), "rollingBack");

  await h.engine.commands.restart("flow", "i1", { name: "b" });
  await h.settle();
  // What the first one left is forgotten: this is the second.
  assert.deepEqual(rollbackLog(h), ["ROLLBACK_START", "ROLLBACK_STEP_START a-1", "ROLLBACK_ATTEMPT_START a-1"]);
  await h.engine.commands.terminate("flow", "i1");

  assert.equal(h.status(), "terminated");
});

test("a configuration of a rollback is checked when the step is called", async () => {
  const h = new Harness(async (_, step) => {
    await step.do("a", () => 1, { rollback: () => {}, rollbackConfig: { retrys: {} } });
  });

  await h.create();

  assert.match(
    h.error().message,
    /^Rollback config for "a" is in a invalid format: retrys is not known; did you mean retries\?/,
  );
});

test("details and subscription show the rollback", async () => {
  const { h } = undoing(async (step, undo) => {
    await step.do("a", () => 1, undo());
    throw new Error("boom");
  });
  await h.create();

  const types = E.entries(h.rows()).map((e) => subscriptionEvent(h.row(), e, JSON.parse, () => false).type);
  const { rollback, steps, step_count } = detailOf(h);

  assert.deepEqual(types.slice(-7), [
    "rollback_started",
    "rollback_step_started",
    "rollback_attempt_started",
    "rollback_attempt_completed",
    "rollback_step_completed",
    "rollback_completed",
    "workflow_errored",
  ]);
  assert.deepEqual(rollback, { outcome: "complete", error: null });
  assert.deepEqual(
    steps.map(({ type, name, success }) => [type, name, success]),
    [
      ["step", "a-1", true],
      ["rollback", "a-1", true],
    ],
  );
  assert.equal(step_count, 1);
});

/** @param {Harness} h */
function detailOf(h) {
  const row = h.row();
  return instanceDetail(row, h.rows(), [], JSON.parse);
}

test("the log marks a step that can be undone at its start and at its end", async () => {
  const undo = { rollback: async () => {} };
  const harness = new Harness(async (_event, step) => {
    await step.do("good", async () => 1, undo);
    await step.do("plain", async () => 1);
    await step
      .do(
        "bad",
        { retries: { limit: 0, delay: 0 } },
        async () => {
          throw new Error("no");
        },
        undo,
      )
      .catch(() => {});
  });
  await harness.create();

  const marks = (/** @type {number} */ event) => harness.details(event).map(({ hasRollback }) => hasRollback ?? false);
  assert.deepEqual(marks(5), [true, false, true]);
  assert.deepEqual(marks(6), [true, false]);
  assert.deepEqual(marks(7), [true]);
});
