/**
 * Each command gives the same at the engine that runs the instance and at another one: the same result or refusal, and the same rows
 * in the ledger, to the millisecond and the number of each entry.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { WorkflowError } from "../../js/engine/errors.js";
import { TABLES } from "../../js/ledger/tables.js";
import { CASES } from "./command_cases.js";
import { shared } from "./shared_state.js";

/** @import { Run } from "../engine/fake_guest.js" */
/** @import { Case } from "./command_cases.js" */
/** @import { SharedState } from "./shared_state.js" */

/** A seat is reserved, and released again by a rollback; then it sleeps, waits and ends. @type {() => Run} */
const booking = () => async (event, step) => {
  const undo = { rollback: () => "released" };
  await step.do("reserve", {}, () => (event.payload.stays ? new Promise(() => {}) : "seat 1"), undo);
  await step.sleep("nap", "1 hour");
  return (await step.waitForEvent("wait", { type: "go", timeout: "1 day" })).payload;
};

/** @type {SharedState["checkPayload"]} */
function refusesText(_workflow, params) {
  if (params === '"refused"') throw new WorkflowError("instance.invalid_params", "It is not an object.");
}

/** What a case comes to where the owner is asked, or another engine. @param {Case} tried @param {boolean} asksOwner */
async function outcome({ ready = () => {}, act }, asksOwner) {
  const state = await shared(booking, 2);
  state.checkPayload = refusesText;
  const [elsewhere, ids] = state.idsOf(3);
  const [other, owner] = state.members;
  const [id] = ids;
  await state.answer(owner.engine.creator.create("flow", { id }));
  await state.pass(100);
  const { number } = await state.answer(owner.engine.get("flow", id));
  const scene = { state, engine: (asksOwner ? owner : other).engine, owner, ids, elsewhere, id, number };
  await state.answer(Promise.resolve(ready(scene)));
  await state.pass(1000);
  const given = await state.answer(
    Promise.resolve(act(scene)).then(
      // Rows of SQLite have no prototype, and what another engine has sent has one.
      (gives) => ({ gives: structuredClone(gives) }),
      ({ reason, message, code }) => ({ reason, message, code }),
    ),
  );
  await state.answer(owner.engine.bulkJobsDone());
  await state.pass(2000);
  const rows = Object.fromEntries(Object.keys(TABLES).map((name) => [name, state.database.rows(name)]));
  const counts = await state.answer(owner.engine.countByStatus("flow"));
  const problems = state.members.flatMap((member) => member.problems);
  state.close();
  return { given, rows, counts, problems };
}

for (const tried of CASES) {
  test(`the same at any engine: ${tried.name}`, async () => {
    const [atOwner, atOther] = [await outcome(tried, true), await outcome(tried, false)];

    assert.deepEqual(atOther, atOwner);
    assert.deepEqual(atOwner.problems, []);
    assert.deepEqual(atOwner.counts, tried.counts);
    const { reason, gives } = /** @type {{ reason?: string, gives?: unknown }} */ (atOwner.given);
    assert.equal(reason, tried.refused);
    if (tried.writes) assert.ok(JSON.stringify(atOwner.rows.log).includes(JSON.stringify(tried.writes)));
    if ("gives" in tried) assert.deepEqual(gives, tried.gives);
  });
}
