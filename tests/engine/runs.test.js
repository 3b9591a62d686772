/** One-file runs: what is exported can be looked at, replayed, forked and compared, and nothing else can. */

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { compareRuns } from "../../js/engine/comparison.js";
import { instanceDetail } from "../../js/engine/detail.js";
import { replay } from "../../js/engine/replay.js";
import { toPlain } from "../../js/engine/plain.js";
import { openRun, RunFileError, writeRun } from "../../js/store/run_file.js";
import { SCHEMA_VERSION } from "../../js/store/schema.js";
import { SqliteStore } from "../../js/store/sqlite.js";
import { FakeGuest } from "./fake_guest.js";
import { Harness } from "./harness.js";

/** @import { FakeStep, Run } from "./fake_guest.js" */

const CONTENTS = {
  sources: [{ path: "flow.py", encoding: /** @type {const} */ ("utf8"), content: "class Flow: ..." }],
  main: "flow.py",
  versions: { stepwell: "1.2.3" },
  exportedAt: 123,
};

/** @param {Harness} harness */
function exported(harness, id = "i1", contents = CONTENTS) {
  const file = new DatabaseSync(":memory:");
  writeRun(harness.db, harness.row(id).number, file, contents);
  return file;
}

/** @param {DatabaseSync} file */
function opened(file) {
  const state = new DatabaseSync(":memory:");
  const run = openRun(file, state);
  return { run, state, store: new SqliteStore(state) };
}

/** @param {DatabaseSync} file */
function detail(file) {
  const { run, store } = opened(file);
  const row = /** @type {any} */ (store.loadInstanceByNumber(run.number));
  return instanceDetail(row, store.loadLog(run.number), store.loadOutput(run.number), toPlain);
}

/** @type {string[]} */
let calls = [];

/** @type {Run} */
async function order(event, step) {
  const stock = await step.do("reserve", async () => (calls.push("reserve"), event.payload.items ?? 1));
  await step.sleep("nap", 1000);
  const paid = await step.do("pay", async () => (calls.push("pay"), stock * 10));
  const { payload } = await step.waitForEvent("approval", { type: "ok" });
  return step.do("ship", async () => (calls.push("ship"), { paid, by: payload.by }));
}

async function ordered(params = { items: 2 }) {
  const harness = new Harness(order);
  await harness.create(params);
  await harness.pass(1000);
  await harness.event("ok", { by: "Ada" });
  await harness.settle();
  assert.equal(harness.status(), "complete");
  calls = [];
  return harness;
}

test("a run file holds the instance, its workflow, its code and the versions", async () => {
  const harness = await ordered();
  await harness.create({ other: true }, "i2");

  const { run, store } = opened(exported(harness));

  const sources = run.sources.map((source) => ({ ...source }));
  assert.deepEqual({ ...run, sources, number: 0 }, { ...CONTENTS, number: 0, workflow: "flow", id: "i1" });
  assert.deepEqual(store.loadLog(run.number), harness.rows());
  assert.equal(store.loadInstance("flow", "i2"), undefined);
  assert.equal(store.loadWorkflow("flow")?.className, "Flow");
});

test("an instance that goes on is exported as far as it has come", async () => {
  const harness = new Harness(order);
  await harness.create();
  await harness.pass(100);

  const { status, steps } = detail(exported(harness));

  assert.equal(status, "waiting");
  assert.deepEqual(
    steps.map(({ name }) => name),
    ["reserve-1", "nap-1"],
  );
});

test("the values of variables can be hidden", async () => {
  const harness = await ordered();
  harness.db.exec(`UPDATE workflows SET vars = '{"KEY":"secret"}'`);

  assert.equal(opened(exported(harness)).store.loadWorkflow("flow")?.vars, '{"KEY":"secret"}');
  const without = exported(
    harness,
    "i1",
    /** @type {any} */ ({
      ...CONTENTS,
      masking: { vars: () => "{}", value: (/** @type {unknown} */ value) => value, text: String },
    }),
  );
  assert.equal(opened(without).store.loadWorkflow("flow")?.vars, "{}");
});

test("opening a file does not change it", async () => {
  const file = exported(await ordered());
  const changes = () => file.prepare("SELECT total_changes() AS n").get()?.n;
  const before = changes();

  opened(file);

  assert.equal(changes(), before);
});

// What is refused ------------------------------------------------------------------------------------------------------

for (const [what, spoil, code, message] of /** @type {[string, (file: DatabaseSync) => void, string, RegExp][]} */ ([
  ["a state", (file) => file.exec("PRAGMA application_id = 0x53746570"), "run.foreign", /it is a state/],
  ["another program's database", (file) => file.exec("PRAGMA application_id = 7"), "run.foreign", /another program/],
  [
    "tables of a newer version",
    (file) => file.exec(`PRAGMA user_version = ${SCHEMA_VERSION + 1}`),
    "run.newer",
    /newer/,
  ],
  ["a newer format", (file) => file.exec("UPDATE run SET format = 2"), "run.newer", /newer/],
  ["a missing table", (file) => file.exec("DROP TABLE log"), "run.corrupt", /its (index|table) log\w* is missing/],
  ["no instance", (file) => file.exec("DELETE FROM instances"), "run.corrupt", /exactly one instance/],
  [
    "a damaged value",
    (file) => file.exec("UPDATE log SET value = '{' WHERE value IS NOT NULL"),
    "run.corrupt",
    /table log/,
  ],
  ["a damaged parameter", (file) => file.exec("UPDATE instances SET params = 'x'"), "run.corrupt", /table instances/],
  ["no code", (file) => file.exec("DELETE FROM sources"), "run.corrupt", /"flow.py" is missing/],
  [
    "a path that leads out",
    (file) => file.exec("UPDATE sources SET path = '../x.py'"),
    "run.corrupt",
    /not a path below/,
  ],
  ["an absolute path", (file) => file.exec("UPDATE sources SET path = '/etc/x.py'"), "run.corrupt", /not a path below/],
])) {
  test(`a file with ${what} is refused as ${code}`, async () => {
    const file = exported(await ordered());
    spoil(file);

    assert.throws(
      () => opened(file),
      (error) => error instanceof RunFileError && error.code === code && message.test(error.message),
    );
  });
}

// Replay ---------------------------------------------------------------------------------------------------------------

/** @param {DatabaseSync} file @param {Run} code @param {Harness} harness */
async function replayed(file, code, harness) {
  const { run, store } = opened(file);
  const guest = new FakeGuest(code);
  const result = replay({ store, number: run.number, guest, clock: harness.clock });
  await harness.settle();
  return result;
}

test("the same code comes to the same end, and none of its callbacks runs", async () => {
  const harness = await ordered();

  const result = await replayed(exported(harness), order, harness);

  assert.deepEqual(result, {
    same: true,
    status: "complete",
    output: '{"paid":20,"by":"Ada"}',
    called: ["reserve-1", "nap-1", "pay-1", "approval-1", "ship-1"],
    unrecorded: [],
    uncalled: [],
  });
  assert.deepEqual(calls, []);
});

test("code that calls another step stops there, and what it does not call is named", async () => {
  const harness = await ordered();

  const result = await replayed(
    exported(harness),
    async (_event, step) => {
      await step.do("reserve", async () => calls.push("reserve"));
      return step.do("post", async () => calls.push("post"));
    },
    harness,
  );

  assert.deepEqual([result.same, result.status], [false, "stopped"]);
  assert.deepEqual(result.unrecorded, ["post-1"]);
  assert.deepEqual(result.uncalled, ["nap-1", "pay-1", "approval-1", "ship-1"]);
  assert.deepEqual(calls, []);
});

test("steps that other steps call are not called in a replay, and not missed", async () => {
  /** @type {Run} */
  const nested = (_event, step) => step.do("outer", () => step.do("inner", async () => 1));
  const harness = new Harness(nested);
  await harness.create();
  assert.equal(harness.output(), 1);

  const result = await replayed(exported(harness), nested, harness);

  assert.deepEqual([result.same, result.called, result.uncalled], [true, ["outer-1"], []]);
});

test("code that gives another output is told apart", async () => {
  const harness = await ordered();

  const result = await replayed(
    exported(harness),
    async (event, step) => ({ .../** @type {any} */ (await order(event, step)), more: 1 }),
    harness,
  );

  assert.deepEqual([result.same, result.output], [false, '{"paid":20,"by":"Ada","more":1}']);
});

test("an instance that failed is replayed to its error", async () => {
  /** @type {Run} */
  const failing = async (_event, step) => {
    await step.do("a", async () => 1);
    await step.do("b", { retries: { limit: 0, delay: 0 } }, async () => {
      throw new RangeError("no");
    });
  };
  const harness = new Harness(failing);
  await harness.create();
  assert.equal(harness.status(), "errored");

  const result = await replayed(exported(harness), failing, harness);

  assert.deepEqual([result.same, result.status, result.error?.name], [true, "errored", "RangeError"]);
});

test("an instance that goes on is replayed as far as it has come", async () => {
  const harness = new Harness(order);
  await harness.create();
  calls = [];

  const result = await replayed(exported(harness), order, harness);

  assert.deepEqual([result.same, result.status, result.called], [true, "stopped", ["reserve-1", "nap-1"]]);
  assert.deepEqual(calls, []);
});

test("an instance between two steps may end without a further one, and one that waits for a step may not", async () => {
  const between = new Harness(async (_event, step) => {
    await step.do("reserve", async () => 1);
    await new Promise(() => {});
  });
  await between.create();
  const waiting = new Harness(order);
  await waiting.create();
  /** @type {Run} */
  const shorter = async (_event, step) => step.do("reserve", async () => 1);

  const results = [
    await replayed(exported(between), shorter, between),
    await replayed(exported(waiting), shorter, waiting),
  ];

  assert.deepEqual(
    results.map(({ same, status }) => [same, status]),
    [
      [true, "complete"],
      [false, "complete"],
    ],
  );
});

test("code that never ends is given up", async () => {
  const harness = await ordered();
  const { run, store } = opened(exported(harness));
  const guest = new FakeGuest(() => new Promise(() => {}));
  const result = replay({ store, number: run.number, guest, clock: harness.clock });

  await harness.pass(60_000);

  assert.deepEqual([(await result).same, (await result).status], [false, "stopped"]);
});

// Forks ----------------------------------------------------------------------------------------------------------------

/** @param {Harness} harness @param {DatabaseSync} file @param {import("../../js/engine/fork.js").ForkOptions} options */
async function forked(harness, file, options) {
  const { run, store } = opened(file);
  await harness.engine.creator.fork("flow", { store, number: run.number }, { id: "fork", ...options });
  await harness.settle();
}

test("a fork runs from its step on, and what was before keeps its results", async () => {
  const file = exported(await ordered());
  const harness = new Harness(order);

  await forked(harness, file, { from: { name: "pay" } });
  await harness.event("ok", { by: "Grace" }, "fork");

  assert.deepEqual(harness.output("fork"), { paid: 20, by: "Grace" });
  assert.deepEqual(calls, ["pay", "ship"]);
});

test("a fork from a wait or a sleep begins with that", async () => {
  const file = exported(await ordered());
  const harness = new Harness(order);

  await forked(harness, file, { from: { name: "nap", type: "sleep" } });
  assert.deepEqual(calls, []);
  await harness.pass(1000);
  await harness.event("ok", { by: "Grace" }, "fork");

  assert.deepEqual(calls, ["pay", "ship"]);
});

test("a changed result stands in the place of the step's own", async () => {
  const file = exported(await ordered());
  const harness = new Harness(order);

  await forked(harness, file, { from: { name: "pay" }, results: { "pay-1": "99", "approval-1": '{"by":"Bob"}' } });

  assert.deepEqual(harness.output("fork"), { paid: 99, by: "Bob" });
  assert.deepEqual(calls, ["ship"]);
});

test("without a step everything runs again, with other parameters if they are given", async () => {
  const file = exported(await ordered());
  const harness = new Harness(order);

  await forked(harness, file, { params: '{"items":5}' });
  await harness.pass(1000);
  await harness.event("ok", {}, "fork");

  assert.equal(harness.output("fork").paid, 50);
  assert.deepEqual(calls, ["reserve", "pay", "ship"]);
});

test("a fork is an instance like any other: it survives a crash, and can be exported", async () => {
  const file = exported(await ordered());
  const harness = new Harness(order);
  await forked(harness, file, { from: { name: "approval", type: "waitForEvent" } });

  harness.crash();
  await harness.event("ok", { by: "Grace" }, "fork");

  assert.deepEqual(harness.output("fork"), { paid: 20, by: "Grace" });
  const again = await replayed(exported(harness, "fork"), order, harness);
  assert.equal(again.same, true);
});

for (const [what, options, message] of /** @type {[string, object, RegExp][]} */ ([
  ["a step that is not there", { from: { name: "nope" } }, /Step "nope" not found/],
  ["a result of a step that is not there", { results: { "nope-1": "1" } }, /Step "nope-1" not found/],
  ["a result of a sleep", { results: { "nap-1": "1" } }, /is a sleep, which has no result/],
  ["an id that exists", { id: "taken", from: { name: "pay" } }, /already exists/],
  ["an id that is none", { id: "-", from: { name: "pay" } }, /invalid id/],
])) {
  test(`a fork with ${what} is refused, and nothing is made`, async () => {
    const file = exported(await ordered());
    const harness = new Harness(async () => 1);
    await harness.create({}, "taken");

    await assert.rejects(forked(harness, file, options), message);

    assert.equal((await harness.engine.list({ workflow: "flow", limit: 10, offset: 0 })).total, 1);
  });
}

// Comparison -----------------------------------------------------------------------------------------------------------

test("a run is the same as itself", async () => {
  const file = exported(await ordered());

  const { same, differs, rows } = compareRuns(detail(file), detail(file));

  assert.deepEqual([same, differs, rows.length], [true, [], 5]);
});

test("two runs are compared step by step, in the order in which they began", async () => {
  const left = exported(await ordered());
  const harness = new Harness(async (event, step) => {
    await step.do("reserve", async () => event.payload.items);
    await step.do("check", async () => true);
    return step.do("pay", async () => 30);
  });
  await harness.create({ items: 2 });

  const { same, differs, rows } = compareRuns(detail(left), detail(exported(harness)));

  assert.equal(same, false);
  assert.deepEqual(differs, ["output"]);
  assert.deepEqual(
    rows.map(({ step, differs: found }) => [step, found]),
    [
      ["step reserve-1", []],
      ["step check-1", ["only right"]],
      ["sleep nap-1", ["only left"]],
      ["step pay-1", ["output"]],
      ["waitForEvent approval-1", ["only left"]],
      ["step ship-1", ["only left"]],
    ],
  );
});
