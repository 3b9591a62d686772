/** What is done to all instances of a workflow, and copies of instances, where several engines run them. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { partOf } from "../../js/ledger/parts.js";
import { shared } from "./shared_state.js";

/** @import { Run } from "../engine/fake_guest.js" */
/** @import { SharedState } from "./shared_state.js" */

/** @type {() => Run} */
const waits = () => async (_event, step) => {
  await step.do("a", () => "first");
  return (await step.waitForEvent("wait", { type: "go" })).payload;
};
const INSTANCES = 700;

/** More instances than are looked at at once, of all engines. @param {SharedState} state @param {number} [count] */
async function begin(state, count = INSTANCES) {
  const ids = Array.from({ length: count }, (_, n) => `i${n}`);
  const creating = ids.map((id, n) => state.members[n % state.members.length].engine.creator.create("flow", { id }));
  await state.answer(Promise.all(creating));
  await state.pass(500);
  return ids;
}

/** The engine that does the workflow's jobs, and another one. @param {SharedState} state */
function homeOf(state) {
  const holder = state.database.holders[partOf("flow", "")];
  const isHome = (/** @type {SharedState["members"][number]} */ { attached }) => attached.member.id === holder;
  const [home, other] = [state.members.find(isHome), state.members.find((member) => !isHome(member))];
  if (!home || !other) throw new Error("There is no such engine.");
  return { home, other };
}

/** Call *act* at once when a job has begun. @param {SharedState} state @param {() => void} act */
function whenBegun(state, act) {
  state.database.onwritten = () => {
    if (state.database.rows("bulk_jobs").length === 0) return;
    state.database.onwritten = () => {};
    act();
  };
}

test("any engine terminates and deletes all instances of a workflow, whichever engines run them", async () => {
  const state = await shared(waits, 3);
  const ids = await begin(state);
  const { home, other } = homeOf(state);
  await state.answer(other.engine.commands.pause("flow", ids[0]));

  assert.equal(await state.answer(other.engine.terminateAll("flow", "paused")), true);
  await state.answer(other.engine.bulkJobsDone());
  assert.deepEqual(await state.answer(home.engine.countByStatus("flow")), { terminated: 1, waiting: INSTANCES - 1 });

  assert.equal(await state.answer(other.engine.terminateAll("flow")), true);
  await state.answer(other.engine.bulkJobsDone());
  assert.deepEqual(await state.answer(home.engine.countByStatus("flow")), { terminated: INSTANCES });

  assert.equal(await state.answer(other.engine.deleteInstances("flow")), true);
  await state.answer(home.engine.bulkJobsDone());
  assert.deepEqual(await state.answer(other.engine.countByStatus("flow")), {});
  assert.equal(state.database.rows("log").length, 0);
  assert.deepEqual(
    state.members.flatMap(({ problems }) => problems),
    [],
  );
  state.close();
});

test("a job that is under way is refused a second time", async () => {
  const state = await shared(waits, 2);
  await begin(state);
  const { home, other } = homeOf(state);

  const answers = [home, other].map(({ engine }) => engine.terminateAll("flow"));

  assert.deepEqual(new Set(await state.answer(Promise.all(answers))), new Set([true, false]));
  state.close();
});

test("a job goes on where the engine that does it is killed", async () => {
  const state = await shared(waits, 3);
  await begin(state);
  const { home, other } = homeOf(state);

  whenBegun(state, () => state.kill(home));
  void home.engine.terminateAll("flow").catch(() => {});
  await state.pass(100);
  assert.equal(state.members.length, 2);
  assert.deepEqual(await state.answer(other.engine.countByStatus("flow")), { waiting: INSTANCES });
  await state.answer(other.engine.bulkJobsDone());

  assert.deepEqual(await state.answer(other.engine.countByStatus("flow")), { terminated: INSTANCES });
  state.close();
});

test("a job goes on where another engine gets the part of the one that does it", async () => {
  const state = await shared(waits, 1);
  await begin(state);
  const [{ engine }] = state.members;
  const home = partOf("flow", "");
  for (let names = 2; state.database.holders[home] === 1; names++) {
    const joining = state.join(`engine ${names}`);
    const deleting = engine.deleteInstances("flow");
    await state.answer(Promise.all([joining, deleting]));
    await state.pass(5000);
  }

  await state.answer(engine.bulkJobsDone());

  assert.deepEqual(await state.answer(engine.countByStatus("flow")), {});
  assert.deepEqual(
    state.members.flatMap(({ problems }) => problems),
    [],
  );
  state.close();
});

test("any engine deletes a workflow, of which no engine creates an instance then, and whose name can be used again", async () => {
  const state = await shared(waits, 3);
  await begin(state);
  const { home, other } = homeOf(state);
  const [, , third] = state.idsOf(3);
  // They are created as long as their engines do not know.
  const late = other.engine.creator.create("flow", { id: third[2] }).catch(() => {});

  assert.equal(await state.answer(other.engine.deleteWorkflow("flow")), true);
  await late;
  await state.answer(other.engine.bulkJobsDone());
  await state.pass(2000);

  assert.equal(state.database.rows("instances").length, 0);
  for (const { engine } of state.members) {
    await assert.rejects(state.answer(engine.workflow("flow")), { reason: "workflow.not_found" });
    await assert.rejects(state.answer(engine.creator.create("flow", { id: "again" })), {
      reason: "workflow.not_found",
    });
  }
  await state.answer(state.save(home));
  await state.pass(2000);
  assert.equal(await state.answer(other.engine.creator.create("flow", { id: "again" })), "again");
  state.close();
});

test("a workflow that another engine deletes is saved again once it is gone", async () => {
  const state = await shared(waits, 2);
  await begin(state);
  const { home, other } = homeOf(state);
  /** How many instances there were when it was asked for, and when it was done. @type {number[]} */
  const counts = [];
  const count = () => counts.push(state.database.rows("instances").length);
  const saved = new Promise((resolve, reject) =>
    whenBegun(state, () => {
      const { commonVersion } = state.database;
      const saving = other.engine
        .seeCommon(commonVersion)
        .then(count)
        .then(() => state.save(other));
      saving.then(count).then(resolve, reject);
    }),
  );

  await state.answer(home.engine.deleteWorkflow("flow"));
  await state.answer(saved);
  assert.ok(counts[0] > 0);
  assert.equal(counts[1], 0);
  await state.answer(home.engine.bulkJobsDone());
  await state.pass(2000);

  for (const { engine } of state.members) assert.equal((await state.answer(engine.workflow("flow"))).versionId, "v1");
  assert.deepEqual(await state.answer(home.engine.countByStatus("flow")), {});
  state.close();
});

test("any engine copies and forks an instance that another one runs", async () => {
  const state = await shared(waits, 2);
  await begin(state, 64);
  const [[mine], [theirs, taken]] = state.idsOf(2);
  const { engine } = state.members[0];
  const { number } = await state.answer(engine.get("flow", theirs));

  const copy = await state.answer(engine.copyOf(number));
  const found = copy.store.loadLog(number).map((row) => ({ ...row }));
  assert.deepEqual(found, await state.answer(engine.log(number)));
  assert.equal(copy.store.loadWorkflow("flow")?.versionId, "v1");
  copy.close();

  const results = { "a-1": '"second"' };
  const ids = [undefined, "fork-1", "fork-2", "fork-3", "fork-4"];
  for (const wanted of ids) {
    const id = await state.answer(
      engine.forkInstance("flow", number, { from: { name: "wait", type: "waitForEvent" }, results, id: wanted }),
    );
    await state.answer(engine.commands.sendEvent("flow", id, "go", '"sent"'));
    await state.pass(500);
    const fork = await state.answer(engine.get("flow", id));
    assert.deepEqual([fork.status, fork.output], ["complete", '"sent"']);
    const log = await state.answer(engine.log(fork.number));
    assert.ok(log.some(({ value }) => value === '"second"'));
  }
  const holders = ids.slice(1).map((id) => state.database.holders[partOf("flow", String(id))]);
  assert.deepEqual(new Set(holders), new Set([1, 2]), "both engines have made one");
  await assert.rejects(state.answer(engine.forkInstance("flow", number, { id: taken })), {
    reason: "instance.already_exists",
  });
  await assert.rejects(state.answer(engine.copyOf(1e9)), { reason: "instance.not_found" });
  assert.notEqual(mine, theirs);
  state.close();
});
