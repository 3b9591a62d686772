/** What a ledger costs, in counts that no clock has a part in. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Engine } from "../../js/engine/engine.js";
import { ManualClock } from "../../conformance/manual_clock.js";
import { CountingStore } from "../cost/counting_store.js";
import { FakeGuest } from "../engine/fake_guest.js";
import { shared } from "./shared_state.js";

const STEPS = 20;

/** @type {import("../engine/fake_guest.js").Run} */
async function flow(_event, step) {
  for (let n = 0; n < STEPS; n++) await step.do(`step ${n}`, () => n);
  return undefined;
}

/** Commits of an instance in a file. */
async function commitsOfFile() {
  const store = new CountingStore();
  const guest = new FakeGuest(flow);
  const engine = new Engine({
    store,
    clock: new ManualClock(),
    newId: () => "a",
    defer: setImmediate,
    guestFor: async () => guest,
    onproblem: ({ error }) => assert.fail(String(error)),
  });
  engine.open();
  const code = { className: "Flow", root: ".", main: "f.py", vars: "{}", versionId: "v1", stepLimit: null };
  await engine.saveWorkflow({ name: "flow", ...code });
  const before = store.counts.commits;
  const ended = new Promise((resolve) => (store.oncompleted = () => resolve(undefined)));
  await engine.creator.create("flow", { id: "a" });
  await ended;
  await engine.commits.committed();
  engine.close();
  return store.counts.commits - before;
}

test("a step is written to a ledger as often as to a file, or at most once more in five steps", async () => {
  const state = await shared(() => flow, 1);
  const before = state.database.writes;

  await state.answer(state.members[0].engine.creator.create("flow", { id: "a" }));
  await state.pass(1000);
  const writes = state.database.writes - before;
  const commits = await commitsOfFile();

  assert.equal((await state.members[0].engine.get("flow", "a")).status, "complete");
  assert.ok((writes - commits) / STEPS <= 0.2, `${writes} writes, ${commits} commits`);
  state.close();
});

test("an engine that has nothing to do asks at most six times a second, and writes nothing", async () => {
  const [ENGINES, SECONDS] = [3, 60];
  const state = await shared(() => flow, ENGINES);
  const { writes } = state.database;
  let asked = 0;
  state.database.step = async () => void (asked += 1);

  await state.pass(SECONDS * 1000);

  const ofEach = asked / ENGINES / SECONDS;
  assert.ok(ofEach > 0 && ofEach <= 6, `${ofEach} a second`);
  assert.equal(state.database.writes, writes);
  state.close();
});
