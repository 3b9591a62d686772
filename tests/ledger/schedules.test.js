/**
 * Schedules where several engines run a state: each fire time has one instance, whichever engines are killed or declared dead around
 * it. STEPWELL_SHARING_SEEDS: how many orders of faults are tried.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { TABLES } from "../../js/ledger/tables.js";
import { randomOf } from "./random.js";
import { SharedState } from "./shared_state.js";

const SEEDS = Number(process.env.STEPWELL_SHARING_SEEDS ?? 2);
const ENGINES = 8;
const MINUTES = 20;
const MINUTE_MS = 60_000;
const CRONS = ["* * * * *", "*/2 * * * *"];
const COLUMNS = Object.keys(TABLES.instances.columns);
const ID = COLUMNS.indexOf("id");

/** Eight engines, of which some end around each fire time, and others join. @param {number} seed */
async function run(seed) {
  const random = randomOf(seed);
  const state = new SharedState(() => (_event, step) => step.do("a", () => 1), { schedules: CRONS });
  let joined = 0;
  for (let n = 0; n < ENGINES; n++) await state.join(`engine ${++joined}`);
  const first = nextMinute(state.clock.now());
  for (let minute = 0; minute < MINUTES; minute++) {
    const fire = first + minute * MINUTE_MS;
    await state.pass(fire - state.clock.now() - Math.floor(random() * 1500));
    const [victim, zombie] = [0, 1].map(() => state.members[Math.floor(random() * state.members.length)]);
    if (random() < 0.6) state.kill(victim);
    if (zombie !== victim && random() < 0.4) {
      // It lives on, and learns of it by its next write or renewal.
      /** @type {any} */ (state.database.engines.get(zombie.attached.member.id)).dead = true;
      state.members = state.members.filter((each) => each !== zombie);
    }
    await state.pass(Math.floor(random() * 3000));
    while (state.members.length < ENGINES) await state.join(`engine ${++joined}`);
  }
  await state.pass(5000);
  const found = {
    ids: state.database.rows("instances").map((row) => String(row[ID])),
    problems: state.members.flatMap(({ problems }) => problems),
    first,
    now: state.clock.now(),
  };
  state.close();
  return found;
}

/** @param {number} now */
function nextMinute(now) {
  return Math.ceil((now + 1) / MINUTE_MS) * MINUTE_MS;
}

for (let seed = 1; seed <= SEEDS; seed++) {
  test(`each fire time has one instance while eight engines come and go: order ${seed}`, async () => {
    const { ids, problems, first, now } = await run(seed);
    const expected = [];
    for (let at = first; at <= now; at += MINUTE_MS) {
      expected.push(`${CRONS[0]}-${at}`);
      if (new Date(at).getUTCMinutes() % 2 === 0) expected.push(`${CRONS[1]}-${at}`);
    }

    assert.deepEqual(ids.toSorted(), expected.toSorted());
    assert.deepEqual(problems, []);
  });
}
