/** The engine, the store and the interpreters as the product has them, without HTTP, and what workloads need around them. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Engine } from "../js/engine/engine.js";
import { nodeClock } from "../js/server/clock.js";
import { openDriver } from "../js/store/node_driver.js";
import { SqliteStore } from "../js/store/sqlite.js";
import { PyodideGuest } from "../runtime/pyodide/pool.js";

/** @import { LogCursor } from "../js/store/store.d.ts" */

const FLOWS = fileURLToPath(new URL("flows/", import.meta.url));
const MAIN = "workloads.py";
const MB = 1e6;

/** @param {{ isolates?: number }} [options] */
export function newGuest(options = {}) {
  return new PyodideGuest({ deployment: { root: FLOWS, main: join(FLOWS, MAIN), vars: {} }, ...options });
}

/** The store, which also remembers how instances ended: looking would have the engine commit early. */
class Store extends SqliteStore {
  /** The number of the instance that was created last. */
  created = 0;
  /** How often instances have been parked: to count them by status is to look at each. */
  parked = 0;
  /** @type {Map<number, { output?: string, error?: string }>} */
  ends = new Map();

  /** @type {SqliteStore["instanceCreated"]} */
  instanceCreated(instance, at) {
    this.created = instance.number;
    return super.instanceCreated(instance, at);
  }

  /** @type {SqliteStore["instanceParked"]} */
  instanceParked(log, at, wakeAt) {
    super.instanceParked(log, at, wakeAt);
    this.parked += 1;
  }

  /** @param {LogCursor} log @param {number} at @param {string} output */
  instanceCompleted(log, at, output) {
    super.instanceCompleted(log, at, output);
    this.ends.set(log.number, { output });
  }

  /** @type {SqliteStore["instanceErrored"]} */
  instanceErrored(log, at, error) {
    super.instanceErrored(log, at, error);
    this.ends.set(log.number, { error: `${error.name}: ${error.message}` });
  }
}

export class Bench {
  #guest;
  #lastId = 0;

  /** @param {string} folder for the state @param {PyodideGuest} guest that has loaded */
  constructor(folder, guest) {
    this.#guest = guest;
    this.store = new Store(openDriver(join(folder, "state.sqlite")));
    this.engine = new Engine({
      store: this.store,
      clock: nodeClock,
      newId: () => `i${++this.#lastId}`,
      defer: setImmediate,
      guestFor: () => Promise.resolve(guest),
      onproblem: ({ error }) => {
        process.stderr.write(`${/** @type {Error} */ (error).stack}\n`);
        process.exit(1);
      },
    });
    this.engine.open();
  }

  /** @param {string} folder @param {{ isolates?: number }} [options] */
  static async open(folder, options) {
    const guest = newGuest(options);
    const { classes } = await guest.load();
    const bench = new Bench(folder, guest);
    for (const name of classes) {
      const code = { className: name, root: FLOWS, main: MAIN, vars: "{}", versionId: "1" };
      await bench.engine.saveWorkflow({ name, ...code, stepLimit: 100_000 });
    }
    await bench.run("Sequential", { steps: 10 });
    return bench;
  }

  /** @param {string} name @param {object} params @returns {Promise<number>} its number, once it is durable */
  async create(name, params) {
    const id = `${name}-${++this.#lastId}`;
    const created = this.engine.creator.create(name, { id, params: JSON.stringify(params) });
    const number = this.store.created;
    await created;
    return number;
  }

  /**
   * What an instance gave, once its end is durable and somebody who watches it has been told.
   *
   * @param {number} number
   * @returns {Promise<any>}
   */
  ended(number) {
    return new Promise((resolve, reject) => {
      const look = () => {
        const end = this.store.ends.get(number);
        if (!end) return;
        unwatch();
        this.store.ends.delete(number);
        if (end.output === undefined) reject(new Error(end.error));
        else resolve(JSON.parse(end.output));
      };
      const unwatch = this.engine.watch(number, look);
      look();
    });
  }

  /** @param {string} name @param {object} params */
  async run(name, params) {
    const begun = performance.now();
    const output = await this.ended(await this.create(name, params));
    return { ms: performance.now() - begun, output };
  }

  /** How many instances of a workflow have this status. @param {string} name @param {string} status */
  async count(name, status) {
    return (await this.engine.countByStatus(name))[status] ?? 0;
  }

  /** End as a crash would, but for what the database itself holds. */
  async close() {
    this.engine.close();
    this.store.close();
    await this.#guest.dispose();
  }
}

/**
 * Call *task* with 0 to *count* - 1, at most *concurrency* at a time.
 *
 * @template T
 * @param {number} count
 * @param {number} concurrency
 * @param {(index: number) => Promise<T>} task
 * @returns {Promise<{ ms: number, results: T[] }>} how long it took, and what the calls gave
 */
export async function times(count, concurrency, task) {
  /** @type {T[]} */
  const results = [];
  let next = 0;
  const worker = async () => {
    while (next < count) {
      const index = next++;
      results[index] = await task(index);
    }
  };
  const begun = performance.now();
  await Promise.all(Array.from({ length: Math.min(concurrency, count) }, worker));
  return { ms: performance.now() - begun, results };
}

/** @param {number[]} values @param {number} q */
export function quantile(values, q) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))];
}

/** Memory of this process with all its threads in MB; the proportional share where the system tells it. */
export function memory() {
  try {
    const [, kilobytes] = /^Pss:\s+(\d+)/m.exec(readFileSync("/proc/self/smaps_rollup", "utf8")) ?? [];
    return { rss: process.memoryUsage.rss() / MB, pss: (Number(kilobytes) * 1024) / MB };
  } catch {
    return { rss: process.memoryUsage.rss() / MB, pss: undefined };
  }
}

/** @param {number} ms */
export function delay(ms) {
  return new Promise((resolve) => void setTimeout(resolve, ms));
}
