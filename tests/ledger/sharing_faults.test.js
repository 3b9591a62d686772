/**
 * Engines that join, are killed, and are declared dead while they live, in random orders that a seed gives: whatever they do, each
 * instance completes, no living engine runs a step again whose result is durable, and no log has a gap. STEPWELL_SHARING_SEEDS: how many orders.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { TABLES } from "../../js/ledger/tables.js";
import { randomOf } from "./random.js";
import { SharedState } from "./shared_state.js";

const SEEDS = Number(process.env.STEPWELL_SHARING_SEEDS ?? 2);
const FAULTS = 12;
const STEP_SUCCESS = 6;
const LOG = Object.keys(TABLES.log.columns);
const [INSTANCE, SEQ, EVENT, NEXT, NAME] = ["instance", "seq", "event", "next", "name"].map((name) =>
  LOG.indexOf(name),
);

/** @param {SharedState} state */
function successes({ database }) {
  return database
    .rows("log")
    .filter((row) => row[EVENT] === STEP_SUCCESS || row[NEXT] === STEP_SUCCESS)
    .map((row) => `${row[INSTANCE]} ${row[NAME]}`);
}

/** How many logs leave out a number. @param {SharedState} state */
function gaps({ database }) {
  /** @type {Map<unknown, number>} */
  const last = new Map();
  let found = 0;
  for (const row of database.rows("log")) {
    if (Number(row[SEQ]) !== (last.get(row[INSTANCE]) ?? 0) + 1) found += 1;
    last.set(row[INSTANCE], Number(row[SEQ]) + (row[NEXT] === null ? 0 : 1));
  }
  return found;
}

/** @param {number} seed */
async function run(seed) {
  const random = randomOf(seed);
  /** @type {Map<string, number>} */
  const numbers = new Map();
  /** @type {string[]} */
  const repeated = [];
  const state = new SharedState((name) => async (event, step) => {
    for (let n = 0; n < 6; n++) {
      await step.do(`step ${n}`, async () => {
        // What a dead engine that does not know it yet begins has no result. That it runs is the nature of an attempt.
        const isDead = [...state.database.engines.values()].some((row) => row.name === name && row.dead);
        const key = `${numbers.get(event.instanceId)} step ${n}`;
        if (!isDead && successes(state).includes(key)) repeated.push(`${event.instanceId} ${n}`);
      });
      await step.sleep(`nap ${n}`, 1500);
    }
    return (await step.waitForEvent("wait", { type: "go", timeout: "1 day" })).payload;
  });
  let names = 0;
  await state.join(`engine ${++names}`);
  await state.join(`engine ${++names}`);
  const ids = Array.from({ length: 30 }, (_, n) => `i${n}`);
  for (const id of ids) {
    const { engine } = state.members[Math.floor(random() * state.members.length)];
    await state.answer(engine.creator.create("flow", { id }));
    numbers.set(id, (await state.answer(engine.get("flow", id))).number);
  }
  for (let fault = 0; fault < FAULTS; fault++) {
    await state.pass(Math.floor(random() * 2500));
    const victim = state.members[Math.floor(random() * state.members.length)];
    const what = random();
    if (what < 0.5 && state.members.length < 4) await state.join(`engine ${++names}`);
    else if (state.members.length > 1 && what < 0.75) state.kill(victim);
    else if (state.members.length > 1) {
      // It lives on, and learns of it by its next write or renewal.
      /** @type {any} */ (state.database.engines.get(victim.attached.member.id)).dead = true;
      await state.pass(3000);
      assert.equal(victim.fenced.length, 1);
      state.members = state.members.filter((each) => each !== victim);
    }
  }
  await state.pass(30_000);
  const { engine } = state.members[0];
  for (const id of ids) await state.answer(engine.commands.sendEvent("flow", id, "go", '"sent"'));
  await state.pass(2000);
  const counts = await state.answer(engine.countByStatus("flow"));
  const problems = state.members.flatMap((member) => member.problems);
  const found = {
    counts,
    repeated,
    gaps: gaps(state),
    problems,
    steps: successes(state).length,
    different: new Set(successes(state)).size,
  };
  state.close();
  return found;
}

for (let seed = 1; seed <= SEEDS; seed++) {
  test(`engines come and go: order ${seed}`, async () => {
    assert.deepEqual(await run(seed), {
      counts: { complete: 30 },
      repeated: [],
      gaps: 0,
      problems: [],
      steps: 180,
      different: 180,
    });
  });
}
