/**
 * What a step costs, in counts that no clock has a part in: a change that makes it cost more fails here.
 *
 * The numbers are for one step, rounded up in the second digit. One that makes it cost less lowers them.
 */

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Engine } from "../../js/engine/engine.js";
import { ManualClock } from "../../conformance/manual_clock.js";
import { CountingGuest } from "./counting_guest.js";
import { CountingStore } from "./counting_store.js";

const FLOWS = fileURLToPath(new URL("flows", import.meta.url));
const LINGER = 60;
/** For longer than this a parked pass is not kept: it is replayed. */
const KEPT = 10_100;

const guest = new CountingGuest();
/** @type {string[]} */
let classes;
before(async () => {
  classes = await guest.load(FLOWS, `${FLOWS}/flows.py`);
});

/** One engine on an empty store. */
class Costs {
  store = new CountingStore();
  clock = new ManualClock();

  /** @param {{ idle?: boolean }} [options] `idle`: instances are written down, and none runs */
  constructor({ idle = false } = {}) {
    this.engine = new Engine({
      store: this.store,
      clock: this.clock,
      newId: () => "generated",
      defer: setImmediate,
      guestFor: async () => guest,
      onproblem: ({ error }) => assert.fail(String(error)),
      idle,
    });
  }

  async open() {
    this.engine.open();
    for (const name of classes) {
      const workflow = { name, className: name, root: ".", main: "flows.py", vars: "{}", versionId: "1" };
      await this.engine.saveWorkflow({ ...workflow, stepLimit: null });
    }
    return this;
  }

  /**
   * What *act* and all that follows from it costs, until so many instances are complete.
   *
   * @param {number} steps in all
   * @param {number} instances
   * @param {() => void} act
   */
  async of(steps, instances, act) {
    /** @type {Record<string, number>} */
    const start = { ...this.store.counts, ...guest.counts };
    await new Promise((resolve) => {
      let left = instances;
      this.store.oncompleted = () => {
        left -= 1;
        if (left === 0) resolve(undefined);
      };
      act();
    });
    await this.engine.commits.committed();
    /** @type {Record<string, number>} */
    const end = { ...this.store.counts, ...guest.counts };
    return Object.fromEntries(Object.entries(end).map(([name, count]) => [name, round((count - start[name]) / steps)]));
  }

  /** What creating so many costs, each. @param {number} instances */
  async ofCreating(instances) {
    const { commits, rows } = { ...this.store.counts };
    const ids = Array.from({ length: instances }, (_, i) => `instance-${i}`);
    await Promise.all(ids.map((id) => this.engine.creator.create("Sequential", { id })));
    const { counts } = this.store;
    return { commits: round((counts.commits - commits) / instances), rows: round((counts.rows - rows) / instances) };
  }

  /** @param {string} name @param {number} steps @param {number} [instances] */
  create(name, steps, instances = 1) {
    for (let i = 0; i < instances; i++) {
      void this.engine.creator.create(name, { id: `instance-${i}`, params: JSON.stringify({ steps }) });
    }
  }
}

/** @param {number} count */
function round(count) {
  return Math.ceil(count * 100) / 100;
}

/** @param {Record<string, number>} actual @param {Record<string, number>} most */
function atMost(actual, most) {
  const over = Object.keys(most).filter((name) => actual[name] > most[name]);
  assert.deepEqual(over, [], `a step costs more: ${JSON.stringify(actual)}, not ${JSON.stringify(most)}`);
}

test("a step after the other, in one instance", async () => {
  const costs = await new Costs().open();

  const cost = await costs.of(100, 1, () => costs.create("Sequential", 100));

  atMost(cost, { commits: 1.02, rows: 2.07, messages: 3.03, bytes: 146.29, crossings: 2.02 });
});

test("a step after the other, in twenty instances", async () => {
  const costs = await new Costs().open();

  const cost = await costs.of(2000, 20, () => costs.create("Sequential", 100, 20));

  atMost(cost, { commits: 0.06, rows: 2.07, messages: 0.26, bytes: 145.35, crossings: 0.21 });
});

test("a hundred steps at once", async () => {
  const costs = await new Costs().open();

  const cost = await costs.of(100, 1, () => costs.create("FanOut", 100));

  atMost(cost, { commits: 0.03, rows: 2.07, messages: 0.06, bytes: 144.16, crossings: 0.04 });
});

test("a hundred instances that are created at once", async () => {
  const costs = await new Costs({ idle: true }).open();

  const cost = await costs.ofCreating(100);

  atMost(cost, { commits: 0.01, rows: 2.01 });
});

test("a thousand steps that are replayed", async () => {
  const costs = await new Costs().open();
  costs.create("Replay", 1000);
  await parked(costs);
  await costs.clock.moveTo(costs.clock.now() + KEPT);
  await costs.engine.commits.committed();

  const cost = await costs.of(1000, 1, () => void costs.engine.commands.sendEvent("Replay", "instance-0", "go", "1"));

  assert.ok(cost.bytes > 70, "the history crossed");
  atMost(cost, { commits: 0.01, rows: 0.01, messages: 0.01, bytes: 76.25, crossings: 0.01 });
});

/** @param {Costs} costs */
async function parked({ engine, clock }) {
  while ((await engine.get("Replay", "instance-0")).status !== "waiting") {
    await new Promise((resolve) => void setImmediate(resolve));
    await clock.moveTo(clock.now() + LINGER);
  }
}
