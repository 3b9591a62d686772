import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { JavaScriptGuest } from "../../../runtime/javascript/pool.js";
import { useEngine } from "../real.js";

const real = useEngine("bindings.py", {});

test("a workflow creates another in a step, signals it and awaits its end", async () => {
  const { output, error } = await real.run("Parent");

  assert.equal(error, null);
  assert.deepEqual(output, ["wait_started", 42, "42.0", "complete", 42, 42]);
  assert.equal((await real.detail("Child", "child")).trigger.source, "binding");
});

test("batches in all forms give what was created, and what was not and why", async () => {
  const { output, error } = await real.run("Batches");

  assert.equal(error, null);
  assert.deepEqual(output, {
    listed: ["b1", "b2"],
    made: ["b3"],
    errors: [
      { index: 0, id: "b1", code: 10405, message: "workflows.api.error.instance.already_exists" },
      { index: 2, id: "b3", code: 10415, message: "workflows.api.error.instance.duplicate_in_batch" },
    ],
    counted: 2,
    gone: {
      deleted: [{ id: "b1" }, { id: "b1" }],
      errors: [{ id: "missing", code: 10400, message: "workflows.api.error.instance.not_found" }],
    },
  });
});

test("what is refused is refused with upstream's words", async () => {
  const { output, error } = await real.run("Refusals");

  assert.equal(error, null);
  assert.deepEqual(output, [
    ["WorkflowError", 10400, "(instance.not_found) Instance does not exist: missing"],
    ["WorkflowError", 10405, '(instance.already_exists) Workflow instance with id "there" already exists'],
    [
      "WorkflowError",
      10001,
      'Workflow instance has invalid id "not this": 1 to 100 letters, digits, "-" or "_", not beginning with "-", and none of batch, terminate, terminateAll',
    ],
    ["TypeError", null, 'create() has no option "idd". Did you mean "id"?'],
    ["WorkflowError", 10001, 'retention.successRetention must be a duration above 0, such as "7 days", not "soon"'],
    ["WorkflowError", 10001, "WorkflowError: batchCreate should have at least 1 instance"],
    ["WorkflowError", 10001, "(body) count must be a positive integer"],
    ["WorkflowError", 10001, "(body) batchCreate only supports 100 instances at a time"],
    ["WorkflowError", 10001, "(body) Provided argument is invalid"],
    ["WorkflowError", 10001, "(instance.invalid_id) Instance ID is invalid"],
    ["WorkflowError", 10001, "(body) batchDeleteInstances should have at least 1 instance"],
    [
      "WorkflowError",
      10001,
      '(workflow.invalid_event_type) Event type is missing: 1 to 100 letters, digits, "-" or "_", not beginning with "-"',
    ],
    ["WorkflowError", 10001, "Invalid Workflow subscription options"],
    ["WorkflowError", 10001, "Invalid Workflow subscription options"],
  ]);
});

test("an instance is paused, resumed, terminated, restarted and deleted", async () => {
  const { output, error } = await real.run("Lifecycle");

  assert.equal(error, null);
  assert.deepEqual(output, [
    "paused",
    "terminated",
    "(instance.cannot_terminate) Cannot terminate instance since its on a finite state",
    "workflow_completed",
    "(instance.not_found) Instance does not exist: life",
  ]);
});

test("a sensitive output is shown to nobody but the code that made it", async () => {
  const { output } = await real.run("Secret");

  assert.deepEqual(output, [["[REDACTED]"], ["[REDACTED]"], 2]);
});

test("a call that is pending keeps the pass from being parked", async () => {
  const id = await real.engine.creator.create("Watching");
  while (!(await real.engine.find("Child", "watched"))) await new Promise(setImmediate);
  await real.until("Child", "watched", (status) => status === "waiting");
  assert.equal((await real.engine.get("Watching", id)).status, "running");

  await real.engine.commands.sendEvent("Child", "watched", "go", "null");

  assert.equal((await real.end("Watching", id)).output, 2);
});

const folder = fileURLToPath(new URL("../javascript/flows", import.meta.url));
const main = `${folder}/bindings.js`;
const javascript = useEngine(new JavaScriptGuest({ deployment: { root: folder, main, vars: {}, bindings: null } }));

test("a workflow in JavaScript has the same methods", async () => {
  const { output, error } = await javascript.run("ParentFlow");

  assert.equal(error, null);
  assert.deepEqual(output, [
    42,
    "complete",
    42,
    "WorkflowError: (instance.not_found) Instance does not exist: missing",
    ["b"],
    ["c"],
    10405,
    [{ id: "b" }],
  ]);
});
