/** Engines with different code: an instance that has run newer code does not go back to older code while an engine with the newer one lives. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { LONGEST_WAIT_MS } from "../../js/engine/newer_code.js";
import { SharedState } from "./shared_state.js";

/**
 * An engine with older code and two with newer code, and an instance that has run the newer code and sleeps; then the engine that ran it
 * is killed, and its part goes to the one with older code.
 */
async function movedBack() {
  /** @type {string[]} */
  const ran = [];
  const state = new SharedState((name) => async (event, step) => {
    await step.do("first", () => ran.push(`${event.instanceId} ${name}`));
    await step.sleep("nap", "1 minute");
    await step.do("second", () => ran.push(`${event.instanceId} ${name}`));
  });
  await state.join("older", { versionId: "v1" });
  await state.pass(100);
  const killed = await state.join("newer", { versionId: "v2" });
  await state.join("newer too", { versionId: "v2" });
  await state.pass(5000);
  const ids = state.idsOf(12)[1];
  for (const id of ids) await state.answer(killed.engine.creator.create("flow", { id }));
  await state.pass(5000);
  assert.deepEqual(
    ran,
    ids.map((id) => `${id} newer`),
  );
  ran.length = 0;
  state.kill(killed);
  await state.pass(3000);
  const [older, newer] = state.members;
  return { state, ran, older, newer, ids };
}

test("an instance waits at an engine with older code while one with its code lives, and says so once", async () => {
  const { state, ran, older, ids } = await movedBack();

  await state.pass(120_000);

  const waiting = ids.filter((id) => !ran.some((line) => line.startsWith(`${id} `)));
  assert.ok(waiting.length > 0 && waiting.length < ids.length, "some parts went to each engine");
  assert.deepEqual(new Set(ran.map((line) => line.split(" ").slice(1).join(" "))), new Set(["newer too"]));
  assert.deepEqual(older.newer, ["flow"]);
  state.close();
});

test("it waits no longer than engines need to be replaced", async () => {
  const { state, older, ids } = await movedBack();
  await state.pass(60_000 + LONGEST_WAIT_MS + 10_000);

  assert.deepEqual(await state.answer(older.engine.countByStatus("flow")), { complete: ids.length });
  state.close();
});

test("it continues when its engine gets the newer code", async () => {
  const { state, older, ids } = await movedBack();
  await state.pass(120_000);

  older.versionId = "v2";
  await state.save(older, "v2");
  await state.pass(10_000);

  assert.deepEqual(await state.answer(older.engine.countByStatus("flow")), { complete: ids.length });
  state.close();
});

test("it continues in the older code when no engine with the newer code lives", async () => {
  const { state, older, newer, ids } = await movedBack();
  await state.pass(120_000);

  state.kill(newer);
  await state.pass(10_000);

  assert.deepEqual(await state.answer(older.engine.countByStatus("flow")), { complete: ids.length });
  state.close();
});
