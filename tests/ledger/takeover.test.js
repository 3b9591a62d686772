/**
 * Engines on one ledger, in every order in which their steps can happen: one writes, another declares it dead and takes over.
 *
 * The engines are the real ones' half of a ledger (`AttachedLedger`); the database is the one in memory, whose steps the test
 * releases one by one. Each order is tried: a run is repeated with the first choices of the one before it, and another last one.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../conformance/manual_clock.js";
import { AttachedLedger } from "../../js/ledger/attached_ledger.js";
import { TABLES } from "../../js/ledger/tables.js";
import { MemoryDatabase, MemoryLedger } from "./memory_ledger.js";
import { entry } from "./rows.js";

/** @import { Protections } from "./memory_ledger.js" */

const LEASE_MS = 10_000;
/** More orders than these are not tried, and the test says so. */
const MOST_RUNS = 2000;

/** Steps that wait, each with the engine that it belongs to. @typedef {{ engine: string, what: string, release: () => void }} Step */

async function settle() {
  for (let i = 0; i < 25; i++) await Promise.resolve();
}

/** What a working set is to its ledger, without an SQLite: a thousand orders are tried. */
class Entries {
  /** How many entries the engine has read when it took over. */
  read = 0;

  /** @param {(changes: import("../../js/ledger/ledger.d.ts").Change[]) => void} onchanges */
  constructor(onchanges) {
    this.onchanges = onchanges;
  }

  /** @param {Pick<import("../../js/ledger/ledger.d.ts").Ledger, "readTable">} ledger */
  async load(ledger) {
    for (const table of Object.keys(TABLES))
      for await (const rows of ledger.readTable(table)) if (table === "log") this.read += rows.length;
  }

  record() {}
}

/** Two or three engines on one database. */
class World {
  clock = new ManualClock();
  /** @type {Step[]} */
  steps = [];
  isGated = false;
  /** What an engine has been told is durable. @type {{ engine: string, seq: number }[]} */
  told = [];
  /** What an engine has read when it took over, and the entries that were written since by others. */
  problems = /** @type {string[]} */ ([]);
  /** @type {Map<string, number>} */
  readAt = new Map();
  /** @type {string[]} */
  #holders = [];

  /** @param {Protections} protections */
  constructor(protections) {
    this.database = new MemoryDatabase({
      now: () => this.clock.now(),
      step: (engine, what) =>
        this.isGated
          ? new Promise((resolve) => this.steps.push({ engine, what, release: () => resolve() }))
          : Promise.resolve(),
      protections,
    });
    this.database.onwritten = (id) => {
      const name = this.database.engines.get(id)?.name;
      if (this.#holders.length > 0 && this.#holders.at(-1) !== name)
        this.problems.push(`${name} has written after ${this.#holders.at(-1)} had read the log`);
    };
  }

  /** Another engine has taken over, and nothing is under way. */
  get isOver() {
    return this.#holders.length > 1 && this.steps.every(({ what }) => what === "renew");
  }

  /** @param {string} name */
  async attach(name) {
    const attached = await AttachedLedger.attach(new MemoryLedger(this.database, name), {
      clock: this.clock,
      name,
      leaseMs: LEASE_MS,
      onheld: () => true,
      openStore: (onchanges) => /** @type {any} */ (new Entries(onchanges)),
    });
    const before = this.#holders.at(-1);
    const living = [...this.database.engines.values()].filter((row) => !row.dead).map((row) => row.name);
    if (before !== undefined && living.includes(before)) this.problems.push(`${before} and ${name} hold the state`);
    this.#holders.push(name);
    const { read } = /** @type {Entries} */ (/** @type {unknown} */ (attached.store));
    for (const { engine, seq } of this.told)
      if (seq > read) this.problems.push(`${name} has not read entry ${seq}, which ${engine} was told is durable`);
    return attached;
  }

  /** An engine writes entries of an instance, one after the other. @param {AttachedLedger} attached @param {string} engine @param {number[]} entries */
  write(attached, engine, entries) {
    for (const seq of entries) {
      /** @type {Entries} */ (/** @type {unknown} */ (attached.store)).onchanges([entry(1, seq)]);
      attached.acknowledge(() => this.told.push({ engine, seq }));
    }
  }
}

/**
 * One run: *choices* says which of the waiting steps happens, one after the other; after the last choice the first one does.
 *
 * @param {Protections} protections
 * @param {number[]} choices
 * @param {(world: World) => Promise<void>} scenario begins what the engines do
 * @returns {Promise<{ world: World, widths: number[] }>} `widths`: how many steps waited each time
 */
async function run(protections, choices, scenario) {
  const world = new World(protections);
  await scenario(world);
  const widths = [];
  for (let turn = 0; turn < 60; turn++) {
    await settle();
    if (world.isOver) break;
    if (world.steps.length === 0) {
      // Only time can help: an engine that waits looks again.
      const next = world.clock.next();
      if (next === undefined || turn > 50) break;
      await world.clock.moveTo(next);
      await settle();
      if (world.steps.length === 0) continue;
    }
    widths.push(world.steps.length);
    const [step] = world.steps.splice(choices[widths.length - 1] ?? 0, 1);
    step.release();
    await settle();
  }
  return { world, widths };
}

/**
 * All orders, up to a depth.
 *
 * @param {Protections} protections
 * @param {(world: World) => Promise<void>} scenario
 * @param {number} depth how many choices are made, after which steps happen as they come
 */
async function explore(protections, scenario, depth) {
  /** @type {number[]} */
  let choices = [];
  const problems = new Set();
  let runs = 0;
  for (;;) {
    const { world, widths } = await run(protections, choices, scenario);
    runs += 1;
    for (const problem of world.problems) problems.add(problem);
    const made = widths.slice(0, depth).map((_, place) => choices[place] ?? 0);
    while (made.length > 0 && made[made.length - 1] + 1 >= widths[made.length - 1]) made.pop();
    if (made.length === 0 || runs >= MOST_RUNS) return { problems, runs };
    made[made.length - 1] += 1;
    choices = made;
  }
}

/** One engine writes; the connection that says that it lives is gone, although it lives: another one takes over. @param {World} world */
async function zombie(world) {
  const one = await world.attach("one");
  world.write(one, "one", [1]);
  await settle();
  world.isGated = true;
  /** @type {any} */ (world.database.engines.get(1)).connected = false;
  world.write(one, "one", [2, 3]);
  void world.attach("two").catch((error) => world.problems.push(String(error)));
}

/** The same with two engines that wait for the state. @param {World} world */
async function race(world) {
  await world.attach("one");
  world.isGated = true;
  /** @type {any} */ (world.database.engines.get(1)).connected = false;
  for (const name of ["two", "three"]) void world.attach(name).catch((error) => world.problems.push(String(error)));
}

test("an engine that is declared dead writes nothing behind the one that takes over", async () => {
  const { problems, runs } = await explore({}, zombie, 9);

  assert.deepEqual([...problems], []);
  assert.ok(runs > 50, `${runs} orders`);
});

test("of two engines that wait one becomes the holder", async () => {
  const { problems, runs } = await explore({}, race, 8);

  assert.deepEqual([...problems], []);
  assert.ok(runs > 200, `${runs} orders`);
});

test("negative: a write that only looks at its engine's row can come after the takeover", async () => {
  const { problems } = await explore({ locksEngine: false }, zombie, 9);

  assert.ok([...problems].some((problem) => /one has written after two had read the log/.test(problem)));
});

test("negative: a holder that is not compared can be replaced while it lives", async () => {
  const { problems } = await explore({ comparesHolder: false }, race, 8);

  assert.ok([...problems].some((problem) => /hold the state/.test(problem)));
});
