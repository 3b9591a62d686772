/** Each engine deletes what has expired of its parts, also of those that it has taken over. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { shared } from "./shared_state.js";

const RETENTION_MS = 600_000;
/** A sweep follows another one after a minute at the earliest. */
const SWEEP_MS = 120_000;

test("instances are deleted when their time is over, whichever engine has run them", async () => {
  const state = await shared(() => (_event, step) => step.do("a", () => 1), 3, { successRetention: RETENTION_MS });
  const ids = state.idsOf(3).flat();
  for (const id of ids) await state.answer(state.members[0].engine.creator.create("flow", { id }));
  await state.pass(5000);
  state.kill(state.members[2]);
  await state.pass(5000);
  const [{ engine }] = state.members;
  assert.deepEqual(await state.answer(engine.countByStatus("flow")), { complete: ids.length });

  await state.pass(RETENTION_MS + SWEEP_MS);

  assert.deepEqual(await state.answer(engine.countByStatus("flow")), {});
  assert.equal(state.database.rows("log").length, 0);
  state.close();
});
