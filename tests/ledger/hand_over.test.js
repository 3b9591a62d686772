/**
 * One living engine hands a part over to another: in every order of their actions, the second engine reads every write
 * that was acknowledged to the first.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { LedgerWriter } from "../../js/ledger/ledger_writer.js";
import { ALL_PARTS, partOf } from "../../js/ledger/parts.js";
import { Sharing } from "../../js/ledger/sharing.js";
import { ManualClock } from "../../conformance/manual_clock.js";
import { MemoryDatabase, MemoryLedger } from "./memory_ledger.js";
import { entry, instance } from "./rows.js";

/** The second half of the parts is given up. */
const ID = Array.from({ length: 1000 }, (_, n) => `i${n}`).find((id) => partOf("flow", id) >= 32) ?? "";
/** Steps between which a write can be late: two looks of both engines, with all that they take and give up. */
const LONGEST_DELAY = 60;

async function settle() {
  for (let i = 0; i < 4; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** @typedef {{ what: string, release: () => void }} Step */

class World {
  clock = new ManualClock();
  /** @type {Step[]} */
  steps = [];
  isGated = false;
  /** What the first engine was told is durable. */
  told = 0;
  /** The last entry that the second one has read; undefined: it has not. @type {number | undefined} */
  read;
  /** @type {string[]} */
  problems = [];
  database = new MemoryDatabase({
    now: () => this.clock.now(),
    step: (_engine, what) =>
      this.isGated ? new Promise((resolve) => this.steps.push({ what, release: () => resolve() })) : Promise.resolve(),
  });

  /** @param {boolean} awaitsAcknowledgement */
  async begin(awaitsAcknowledgement) {
    const one = new MemoryLedger(this.database, "one");
    const me = await one.join("one", 1e9, { shares: true });
    await one.takeParts(me, ALL_PARTS.length);
    const writer = new LedgerWriter(one, me, {
      clock: this.clock,
      lease: /** @type {any} */ ({ whenCurrent: (/** @type {() => void} */ tell) => tell(), end() {} }),
      onfenced: (reason) => this.problems.push(reason),
      onfailure: (error) => this.problems.push(String(error)),
      onhold() {},
    });
    /** @returns {Promise<void>} */
    const acknowledged = () => new Promise((resolve) => writer.acknowledge(resolve));
    await one.write(me, new Map([["instances", new Map([["1", instance(1, ID)]])]]));
    let last = 0;
    const write = () => {
      const seq = ++last;
      writer.add([entry(1, seq)]);
      writer.acknowledge(() => (this.told = seq));
    };
    this.database.onwritten = (engine) => {
      if (engine === me.id && this.read !== undefined)
        this.problems.push("the first engine has written after the second had read");
    };
    this.#share(one, me, ALL_PARTS, awaitsAcknowledgement ? acknowledged : async () => {}, () => write());
    await settle();
    this.isGated = true;
    write();
    const two = new MemoryLedger(this.database, "two");
    this.isGated = false;
    const other = await two.join("two", 1e9, { shares: true });
    this.isGated = true;
    this.#share(
      two,
      other,
      [],
      async () => {},
      () => {},
    );
  }

  /**
   * @param {MemoryLedger} ledger
   * @param {import("../../js/ledger/ledger.d.ts").Member} member
   * @param {number[]} held
   * @param {() => Promise<void>} acknowledged
   * @param {() => void} lastWords what the engine writes when it lets go of the instance
   */
  #share(ledger, member, held, acknowledged, lastWords) {
    const world = this;
    let isHere = held.length > 0;
    const store = {
      commonCommits: 0,
      loadWorkflows: () => [],
      readCommon: async () => new Map(),
      adoptCommon() {},
      async readParts(/** @type {unknown} */ _ledger, /** @type {number[]} */ parts) {
        // The one step of a load.
        for await (const _rows of ledger.readTable("workflows"));
        return parts.includes(partOf("flow", ID)) ? new Map([["log", world.database.rows("log")]]) : new Map();
      },
      adopt(/** @type {Map<string, any[]>} */ rows) {
        const log = rows.get("log");
        if (!log) return [];
        world.read = log.length;
        if (log.length < world.told)
          world.problems.push("the second engine has read less than the first was told is durable");
        return [1];
      },
      numbersOf: (/** @type {number} */ part) => (isHere && part === partOf("flow", ID) ? [1] : []),
      isOfPart: () => false,
      drop(/** @type {number[]} */ numbers) {
        if (numbers.length > 0) isHere = false;
      },
      dropQueues() {},
    };
    const runner = {
      commitNow() {},
      takeUp() {},
      commonChanged() {},
      hold: async () => {},
      letGo(/** @type {number[]} */ numbers) {
        if (numbers.length > 0) lastWords();
      },
    };
    new Sharing(
      ledger,
      member,
      {
        clock: this.clock,
        store: /** @type {any} */ (store),
        runner,
        acknowledged,
        onfailure: (error) => this.problems.push(String(error)),
      },
      { held, commonVersion: this.database.commonVersion },
    ).start();
  }
}

const OF_WRITES = new Set(["look at engine", "commit write"]);

/**
 * One run, in which each step of a write happens only after so many others.
 *
 * @param {boolean} awaitsAcknowledgement
 * @param {number} delay
 * @returns {Promise<World>}
 */
async function run(awaitsAcknowledgement, delay) {
  const world = new World();
  await world.begin(awaitsAcknowledgement);
  let others = 0;
  for (let turn = 0; turn < 600; turn++) {
    await settle();
    const isOfWrite = (/** @type {Step} */ { what }) => OF_WRITES.has(what);
    if (world.read !== undefined && !world.steps.some(isOfWrite)) break;
    const isLate = others >= delay;
    const step = world.steps.find((each) => isOfWrite(each) === isLate) ?? (isLate ? world.steps[0] : undefined);
    if (step) {
      world.steps.splice(world.steps.indexOf(step), 1);
      others = isOfWrite(step) ? 0 : others + 1;
      step.release();
      continue;
    }
    const next = world.clock.next();
    if (next === undefined) break;
    await world.clock.moveTo(next);
  }
  await settle();
  return world;
}

/** Every delay of writes that makes a difference. @param {boolean} awaitsAcknowledgement */
async function explore(awaitsAcknowledgement) {
  /** @type {Set<string>} */
  const problems = new Set();
  for (let delay = 0; delay <= LONGEST_DELAY; delay += 6) {
    const world = await run(awaitsAcknowledgement, delay);
    assert.notEqual(world.read, undefined, `the part changes its holder, with a delay of ${delay}`);
    for (const problem of world.problems) problems.add(problem);
  }
  return [...problems];
}

test("a part that is given up is read whole by the engine that takes it", async () => {
  assert.deepEqual(await explore(true), []);
});

test("negative: a part that is given up before its writes are acknowledged is not", async () => {
  assert.deepEqual(await explore(false), ["the first engine has written after the second had read"]);
});
