/** An event that another engine sends wakes its instance, whatever that is doing: it begins, runs, is about to park, or is parked. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { shared } from "./shared_state.js";

const TURNS = 40;

/** @param {number} turns of the event loop */
async function rest(turns) {
  for (let n = 0; n < turns; n++) await new Promise((resolve) => setImmediate(resolve));
}

test("no event of another engine is lost, at whichever turn it is sent", async () => {
  const state = await shared(
    () => async (_event, step) => {
      await step.do("before", () => 1);
      const { payload } = await step.waitForEvent("wait", { type: "go", timeout: "1 day" });
      await step.do("after", () => 1);
      return payload;
    },
    2,
  );
  const [mine] = state.idsOf(TURNS);
  const [{ engine }, { engine: other }] = state.members;

  for (const [turns, id] of mine.entries()) {
    await state.answer(engine.creator.create("flow", { id }));
    await rest(turns);
    const sent = other.commands.sendEvent("flow", id, "go", `"turn ${turns}"`);
    await state.answer(sent);
  }
  await state.pass(1000);

  const outputs = await Promise.all(mine.map((id) => engine.get("flow", id).then(({ output }) => output)));
  assert.deepEqual(
    outputs,
    mine.map((_, turns) => `"turn ${turns}"`),
  );
  state.close();
});

test("of many events that arrive while an instance takes one and parks again, none is lost", async () => {
  const EVENTS = 60;
  const state = await shared(
    () => async (_event, step) => {
      const seen = [];
      for (let n = 0; n < EVENTS; n++)
        seen.push((await step.waitForEvent(`wait ${n}`, { type: "go", timeout: "1 day" })).payload);
      return seen;
    },
    3,
  );
  const [[id]] = state.idsOf(1);
  await state.answer(state.members[0].engine.creator.create("flow", { id }));
  /** @type {Promise<unknown>[]} */
  const sent = [];
  for (let n = 0; n < EVENTS; n++) {
    sent.push(state.members[1 + (n % 2)].engine.commands.sendEvent("flow", id, "go", String(n)));
    await rest(n % 7);
  }
  await state.answer(Promise.all(sent));
  await state.pass(2000);

  const { status, output } = await state.members[0].engine.get("flow", id);
  assert.equal(status, "complete");
  assert.deepEqual(
    JSON.parse(output ?? "").toSorted((/** @type {number} */ one, /** @type {number} */ two) => one - two),
    Array.from({ length: EVENTS }, (_, n) => n),
  );
  state.close();
});

test("requests that follow each other wait for no poll: no notification is missed between two looks", async () => {
  const state = await shared(() => (_event, step) => step.waitForEvent("wait", { type: "go", timeout: "1 day" }), 2);
  const [, [id]] = state.idsOf(1);
  const [{ engine }, { engine: owner }] = state.members;
  await state.answer(owner.creator.create("flow", { id }));
  await state.pass(1000);
  const began = state.clock.now();
  /** When each answer came. @type {number[]} */
  const came = [];
  const asked = async () => {
    for (let n = 0; n < TURNS; n++) {
      await engine.get("flow", id);
      came.push(state.clock.now() - began);
      // The next request comes at another turn.
      for (let turn = 0; turn < n % 8; turn++) await Promise.resolve();
    }
  };

  await state.answer(asked());

  // Time passes only where nothing else happens.
  assert.ok(Math.max(...came) < 500, `answers came after ${came.join(", ")} ms`);
  state.close();
});
