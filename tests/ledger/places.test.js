/**
 * Concurrency limits where several engines run a state: however they come, die and stop, never do more instances of a workflow run
 * than may, and none waits for ever. STEPWELL_SHARING_SEEDS: how many orders of faults are tried.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { TABLES } from "../../js/ledger/tables.js";
import { randomOf } from "./random.js";
import { shared, SharedState } from "./shared_state.js";

const SEEDS = Number(process.env.STEPWELL_SHARING_SEEDS ?? 2);
const COLUMNS = Object.keys(TABLES.instances.columns);
const [WORKFLOW, STATUS] = ["workflow", "status"].map((name) => COLUMNS.indexOf(name));

/** Note the largest number of instances that the ledger has as running after a write. @param {SharedState} state */
function watched({ database }) {
  const seen = { most: 0, now: 0 };
  database.onwritten = () => {
    seen.now = database.rows("instances").filter((row) => row[WORKFLOW] === "flow" && row[STATUS] === "running").length;
    seen.most = Math.max(seen.most, seen.now);
  };
  return seen;
}

/** Steps that end when the test says so. */
class Gates {
  /** By instance. @type {Map<string, (value?: unknown) => void>} */
  open = new Map();
  /** In the order in which they began. @type {string[]} */
  began = [];

  /** @type {import("../engine/fake_guest.js").Run} */
  run = (event, step) =>
    step.do("work", { timeout: "300 days", retries: { limit: 100, delay: 0 } }, () => {
      this.began.push(event.instanceId);
      return new Promise((resolve) => this.open.set(event.instanceId, resolve));
    });

  /** Let the steps end that run. */
  release() {
    const ids = [...this.open.keys()];
    for (const resolve of this.open.values()) resolve();
    this.open.clear();
    return ids;
  }
}

/** @param {SharedState} state @param {string[]} ids */
async function create(state, ids) {
  for (const [place, id] of ids.entries()) {
    const { engine } = state.members[place % state.members.length];
    await state.answer(engine.creator.create("flow", { id }));
  }
}

/** @param {SharedState} state */
async function counts(state) {
  return await state.answer(state.members[0].engine.countByStatus("flow"));
}

const names = (/** @type {number} */ count) => Array.from({ length: count }, (_, n) => `i${n}`);

test("as many instances run as may, on whichever engines, and the oldest begin first", async () => {
  const gates = new Gates();
  const state = await shared(() => gates.run, 3, { concurrency: 4 });
  const seen = watched(state);
  const ids = names(14);
  for (const id of ids) {
    await create(state, [id]);
    await state.pass(10);
  }
  /** @type {string[][]} */
  const rounds = [];
  for (let round = 0; round < 4; round++) {
    await state.pass(1000);
    rounds.push(gates.release().toSorted());
  }
  await state.pass(1000);

  assert.deepEqual(
    rounds,
    [0, 4, 8, 12].map((first) => ids.slice(first, first + 4).toSorted()),
  );
  assert.equal(seen.most, 4);
  assert.deepEqual(await counts(state), { complete: 14 });
  assert.equal(state.database.places.size, 0);
  state.close();
});

test("a freed place is taken by another engine without waiting for its next look", async () => {
  const gates = new Gates();
  const state = await shared(() => gates.run, 2, { concurrency: 1 });
  const [[first], [second]] = state.idsOf(1);
  await create(state, [first]);
  await state.pass(1000);
  await create(state, [second]);
  await state.pass(1000);
  assert.deepEqual(gates.began, [first]);

  gates.release();
  await state.settle();

  assert.deepEqual(gates.began, [first, second]);
  state.close();
});

test("an instance that waits takes no place, and needs one to continue", async () => {
  const gates = new Gates();
  const state = await shared(
    () => async (event, step) => {
      if (event.payload.nap) await step.sleep("nap", "1 minute");
      return await gates.run(event, step);
    },
    2,
    { concurrency: 1 },
  );
  const [[sleeper], [busy]] = state.idsOf(1);
  const { creator } = state.members[0].engine;
  await state.answer(creator.create("flow", { id: sleeper, params: '{"nap":true}' }));
  await state.pass(1000);
  await state.answer(creator.create("flow", { id: busy, params: "{}" }));
  await state.pass(120_000);
  assert.deepEqual(gates.began, [busy]);

  gates.release();
  await state.pass(1000);

  assert.deepEqual(gates.began, [busy, sleeper]);
  state.close();
});

test("the place of a paused or terminated instance is free, and so is one that was only wanted", async () => {
  const gates = new Gates();
  const state = await shared(() => gates.run, 2, { concurrency: 1 });
  const [mine, theirs] = state.idsOf(2);
  const ids = [mine[0], theirs[0], mine[1], theirs[1]];
  for (const id of ids) {
    await create(state, [id]);
    await state.pass(100);
  }
  const { commands } = state.members[0].engine;

  await state.answer(commands.terminate("flow", ids[1]));
  await state.answer(commands.terminate("flow", ids[0]));
  await state.pass(1000);

  assert.deepEqual(gates.began, [ids[0], ids[2]]);
  await state.answer(commands.terminate("flow", ids[2]));
  await state.pass(1000);
  assert.deepEqual(gates.began, [ids[0], ids[2], ids[3]]);
  state.close();
});

test("the instances of an engine that was killed keep their places until another engine runs them", async () => {
  const gates = new Gates();
  const state = await shared(() => gates.run, 2, { concurrency: 2 });
  const seen = watched(state);
  const [mine, theirs] = state.idsOf(2);
  await create(state, [...mine, ...theirs]);
  await state.pass(1000);
  const before = [...gates.began];

  state.kill(state.members[0]);
  await state.pass(3000);

  const again = gates.began.slice(before.length);
  assert.deepEqual(
    again,
    before.filter((id) => mine.includes(id)),
    "they begin again, and nothing else does",
  );
  for (let round = 0; round < 4; round++) {
    gates.release();
    await state.pass(3000);
  }
  assert.equal(seen.most, 2);
  assert.deepEqual(await counts(state), { complete: 4 });
  state.close();
});

test("instances that run when their workflow gets a limit run on, and no other begins", async () => {
  const gates = new Gates();
  const state = await shared(() => gates.run, 2);
  const [mine, theirs] = state.idsOf(2);
  await create(state, [mine[0], theirs[0]]);
  await state.pass(1000);

  state.settings = { concurrency: 2 };
  await state.save(state.members[0]);
  await state.pass(2000);
  await create(state, [mine[1], theirs[1]]);
  await state.pass(3000);
  assert.equal(gates.began.length, 2);

  gates.release();
  await state.pass(1000);
  assert.equal(gates.began.length, 4);
  state.close();
});

test("an engine whose code does not load holds up no other one for long", async () => {
  const gates = new Gates();
  const state = await shared(() => gates.run, 2, { concurrency: 1 });
  const [[broken], [sound]] = state.idsOf(1);
  state.members[0].guestFor = () => Promise.reject(new Error("no such class"));
  await create(state, [broken]);
  await state.pass(1000);
  await create(state, [sound]);

  await state.pass(5000);

  assert.deepEqual(gates.began, [sound]);
  state.close();
});

test("a place that is free for the oldest instance is taken by another one when its engine does not take it", async () => {
  const gates = new Gates();
  const state = await shared(() => gates.run, 2, { concurrency: 1 });
  const [[, mine], [first, theirs]] = state.idsOf(2);
  await create(state, [first]);
  await state.pass(1000);
  await create(state, [theirs]);
  await state.pass(1000);
  await create(state, [mine]);
  await state.pass(1000);
  // The other engine is frozen: it asks for nothing any more.
  /** @type {any} */ (state.members[1].attached.ledger).takePlaces = () => new Promise(() => {});

  gates.release();
  await state.pass(1500);
  assert.deepEqual(gates.began, [first], "it is kept for the oldest one at first");
  await state.pass(3000);

  assert.deepEqual(gates.began, [first, mine]);
  state.close();
});

test("without a look at what others have taken meanwhile more would run than may", async () => {
  const most = async (/** @type {boolean} */ comparesTurn) => {
    const gates = new Gates();
    const state = await shared(() => gates.run, 8, { concurrency: 3 });
    state.database.protections.comparesTurn = comparesTurn;
    // All of them count before one takes.
    state.database.step = (_engine, what) =>
      what === "take places" ? new Promise((resolve) => setImmediate(resolve)) : Promise.resolve();
    const seen = watched(state);
    await Promise.all(
      state
        .idsOf(3)
        .flatMap((ids, place) =>
          ids.map((id) => state.answer(state.members[place].engine.creator.create("flow", { id }))),
        ),
    );
    await state.pass(2000);
    state.close();
    return seen.most;
  };

  assert.equal(await most(true), 3);
  assert.ok((await most(false)) > 3);
});

/** @param {SharedState} state @param {number} ms */
function passed({ clock }, ms) {
  return new Promise((resolve) => clock.at(clock.now() + ms, () => resolve(undefined)));
}

/** Eight engines that are killed, declared dead and started anew. @param {number} seed */
async function run(seed) {
  const random = randomOf(seed);
  const state = new SharedState(
    () => async (_event, step) => {
      for (let n = 0; n < 3; n++) {
        await step.do(`work ${n}`, { retries: { limit: 100, delay: 0 } }, () => passed(state, 300));
        await step.sleep(`nap ${n}`, 700);
      }
    },
    { concurrency: 5 },
  );
  let joined = 0;
  for (let n = 0; n < 8; n++) await state.join(`engine ${++joined}`);
  await state.pass(5000);
  const seen = watched(state);
  const ids = names(60);
  await create(state, ids);
  for (let fault = 0; fault < 12; fault++) {
    await state.pass(Math.floor(random() * 1500));
    const victim = state.members[Math.floor(random() * state.members.length)];
    if (random() < 0.5 || state.members.length < 3) await state.join(`engine ${++joined}`);
    else if (random() < 0.7) state.kill(victim);
    else {
      // It lives on, and learns of it by its next write or renewal.
      /** @type {any} */ (state.database.engines.get(victim.attached.member.id)).dead = true;
      await state.pass(3000);
      state.members = state.members.filter((each) => each !== victim);
    }
  }
  await state.pass(60_000);
  const found = {
    counts: await counts(state),
    most: seen.most,
    places: state.database.places.size,
    problems: state.members.flatMap((member) => member.problems),
  };
  state.close();
  return found;
}

for (let seed = 1; seed <= SEEDS; seed++) {
  test(`a limit is never exceeded while eight engines come and go: order ${seed}`, async () => {
    const { most, ...found } = await run(seed);
    assert.deepEqual(found, { counts: { complete: 60 }, places: 0, problems: [] });
    assert.ok(most <= 5, `${most} at once`);
  });
}
