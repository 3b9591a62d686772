/**
 * Schedules where several engines run a state: each fire time has one instance, whichever engines are killed or declared dead around
 * it. STEPWELL_SHARING_SEEDS: how many orders of faults are tried; each has 170 fire times.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { TABLES } from "../../js/ledger/tables.js";
import { randomOf } from "./random.js";
import { shared, SharedState } from "./shared_state.js";

/** @import { Member } from "./shared_state.js" */

const SEEDS = Number(process.env.STEPWELL_SHARING_SEEDS ?? 2);
const ENGINES = 8;
const MINUTES = 20;
const MINUTE_MS = 60_000;
/** Other expressions for the same times: each is carried out by the engine that has its part. */
const EACH_MINUTE = ["*", "*/1", ...[1, 2, 3, 4, 5, 6].map((n) => `0-${n},*`)].map((minutes) => `${minutes} * * * *`);
const EACH_SECOND_MINUTE = "*/2 * * * *";
const CRONS = [...EACH_MINUTE, EACH_SECOND_MINUTE];
const COLUMNS = Object.keys(TABLES.instances.columns);
const ID = COLUMNS.indexOf("id");

const step = () => (/** @type {unknown} */ _event, /** @type {any} */ steps) => steps.do("a", () => 1);

/** Ids of the instances that there are. @param {SharedState} state */
const idsOf = (state) => state.database.rows("instances").map((row) => String(row[ID]));

/** Eight engines, of which some end around each fire time, and others join. @param {number} seed */
async function run(seed) {
  const random = randomOf(seed);
  const state = new SharedState(step, { schedules: CRONS });
  let joined = 0;
  let killed = 0;
  /** Those that live on after they were declared dead. @type {Member[]} */
  const zombies = [];
  for (let n = 0; n < ENGINES; n++) await state.join(`engine ${++joined}`);
  const first = nextMinute(state.clock.now());
  for (let minute = 0; minute < MINUTES; minute++) {
    const fire = first + minute * MINUTE_MS;
    await state.pass(fire - state.clock.now() - Math.floor(random() * 1500));
    const [victim, zombie] = [0, 1].map(() => state.members[Math.floor(random() * state.members.length)]);
    if (random() < 0.6) {
      state.kill(victim);
      killed += 1;
    }
    if (zombie !== victim && random() < 0.4) {
      // It lives on, and learns of it by its next write or renewal.
      /** @type {any} */ (state.database.engines.get(zombie.attached.member.id)).dead = true;
      state.members = state.members.filter((each) => each !== zombie);
      zombies.push(zombie);
    }
    await state.pass(Math.floor(random() * 3000));
    while (state.members.length < ENGINES) await state.join(`engine ${++joined}`);
  }
  await state.pass(5000);
  const found = {
    ids: idsOf(state),
    problems: state.members.flatMap(({ problems }) => problems),
    refusals: zombies.map(({ fenced }) => fenced.length),
    faults: killed + zombies.length,
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

/** The ids that there are to be. @param {number} first fire time @param {number} now */
function idsUpTo(first, now) {
  const expected = [];
  for (let at = first; at <= now; at += MINUTE_MS) {
    expected.push(...EACH_MINUTE.map((cron) => `${cron}-${at}`));
    if (new Date(at).getUTCMinutes() % 2 === 0) expected.push(`${EACH_SECOND_MINUTE}-${at}`);
  }
  return expected;
}

for (let seed = 1; seed <= SEEDS; seed++) {
  test(`each fire time has one instance while eight engines come and go: order ${seed}`, async () => {
    const { ids, problems, refusals, faults, first, now } = await run(seed);

    assert.deepEqual(ids.toSorted(), idsUpTo(first, now).toSorted());
    assert.deepEqual(problems, []);
    assert.deepEqual(
      refusals,
      refusals.map(() => 1),
      "each engine that was declared dead has learnt of it",
    );
    assert.ok(faults > MINUTES / 2);
  });
}

test("of the fire times that pass while no engine lives the most recent one has an instance", async () => {
  const state = await shared(step, 3, { schedules: CRONS });
  const first = nextMinute(state.clock.now());
  await state.pass(first + 5000 - state.clock.now());
  const before = idsUpTo(first, state.clock.now());
  assert.deepEqual(idsOf(state).toSorted(), before.toSorted());
  for (const member of state.members) state.kill(member);

  await state.pass(10 * MINUTE_MS + 1000);
  await Promise.all([1, 2, 3].map((n) => state.join(`later ${n}`)));
  await state.pass(5000);

  const last = first + 10 * MINUTE_MS;
  const isEven = new Date(last).getUTCMinutes() % 2 === 0;
  const madeUp = [
    ...EACH_MINUTE.map((cron) => `${cron}-${last}`),
    `${EACH_SECOND_MINUTE}-${isEven ? last : last - MINUTE_MS}`,
  ];
  assert.deepEqual(idsOf(state).toSorted(), [...before, ...madeUp].toSorted());
  state.close();
});
