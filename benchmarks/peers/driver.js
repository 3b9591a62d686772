/**
 * The workloads, in terms of what every peer can do. `driver.py` is the same in Python.
 *
 * @typedef {"sequential" | "fanOut" | "sleeper" | "large"} Kind
 *
 * @typedef {object} Peer
 * @property {(kind: Kind, id: string, input: { id: string, steps?: number, sleep?: number }) => Promise<any>} start gives
 *   a handle, once the workflow has been accepted
 * @property {(handles: any[], poll: number) => Promise<void>} ended settled when all of them are complete; `poll` is for
 *   those that can only be asked, in ms
 * @property {(ids: string[]) => Promise<Record<string, number> | void>} resume the same, in a second life
 */

import { openSync, writeSync } from "node:fs";

const POLL = 5;
const POLL_MANY = 50;

export const settings = JSON.parse(process.argv[2]);

/** Text of 1,000 characters; 98 of them make 100 KB of JSON. */
export const LETTERS = "0123456789".repeat(100);

const ledger = settings.ledger && openSync(settings.ledger, "a");

/** Tell the ledger that a step has run. @param {string} id @param {number} step */
export function note(id, step) {
  if (ledger) writeSync(ledger, `${id}:${step}\n`);
}

/** @param {number} ms */
export function delay(ms) {
  return new Promise((resolve) => void setTimeout(resolve, ms));
}

/** Carry out what the settings ask for, and end the process. @param {Peer} peer */
export async function drive(peer) {
  const figures = (await WORKLOADS[settings.workload](peer)) ?? {};
  process.stdout.write(`${JSON.stringify(figures)}\n`, () => process.exit(0));
}

/** @param {Peer} peer @param {Kind} kind @param {number} number @param {object} input */
async function run(peer, kind, number, input) {
  const id = `${kind}-${number}`;
  const begun = performance.now();
  await peer.ended([await peer.start(kind, id, { id, ...input })], POLL);
  return performance.now() - begun;
}

/** @param {Peer} peer @param {Kind} kind @param {number} count @param {object} input */
async function startAll(peer, kind, count, input) {
  const ids = Array.from({ length: count }, (_, number) => `${kind}-${number}`);
  const { results } = await times(count, 50, (number) => peer.start(kind, ids[number], { id: ids[number], ...input }));
  return results;
}

/** @type {Record<string, (peer: Peer) => Promise<Record<string, number> | void>>} */
const WORKLOADS = {
  async sequential(peer) {
    const { instances, concurrency } = settings;
    // As ours: it is measured when it has run once.
    await times(instances, concurrency, (number) => run(peer, "sequential", -1 - number, { steps: 10 }));
    const { ms, results } = await times(instances, concurrency, (number) =>
      run(peer, "sequential", number, { steps: 10 }),
    );
    return { steps_per_s: (instances * 10_000) / ms, p50_ms: quantile(results, 0.5), p99_ms: quantile(results, 0.99) };
  },

  async fanOut(peer) {
    const { instances, steps } = settings;
    await run(peer, "fanOut", -1, { steps });
    const { results } = await times(instances, 1, (number) => run(peer, "fanOut", number, { steps }));
    return { ms: quantile(results, 0.5) };
  },

  async long(peer) {
    const { steps } = settings;
    await run(peer, "sequential", -1, { steps: 10 });
    return { step_ms: (await run(peer, "sequential", 0, { steps })) / steps };
  },

  /** From the start of the process. */
  async first(peer) {
    await run(peer, "sequential", Date.now(), { steps: 3 });
    return { ms: Date.now() - settings.began };
  },

  async sleepers(peer) {
    const sleep = 2000;
    await run(peer, "sequential", -1, { steps: 10 });
    const begun = performance.now();
    const handles = await startAll(peer, "sleeper", settings.instances, { sleep });
    const create = performance.now() - begun;
    await peer.ended(handles, POLL_MANY);
    return { create_ms: create, late_ms: performance.now() - begun - sleep };
  },

  async large(peer) {
    await run(peer, "sequential", -1, { steps: 10 });
    return { ms: await run(peer, "large", 0, { steps: settings.steps }) };
  },

  /** Killed by the harness. */
  async killed(peer) {
    await peer.ended(await startAll(peer, "sequential", settings.instances, { steps: 10 }), POLL_MANY);
  },

  async resumed(peer) {
    const ids = Array.from({ length: settings.instances }, (_, number) => `sequential-${number}`);
    const figures = await peer.resume(ids);
    return { ms: Date.now() - settings.began, ...figures };
  },
};

/**
 * Call *task* with 0 to *count* - 1, at most *concurrency* at a time.
 *
 * @template T
 * @param {number} count
 * @param {number} concurrency
 * @param {(number: number) => Promise<T>} task
 */
async function times(count, concurrency, task) {
  /** @type {T[]} */
  const results = [];
  let next = 0;
  const worker = async () => {
    while (next < count) {
      const number = next++;
      results[number] = await task(number);
    }
  };
  const begun = performance.now();
  await Promise.all(Array.from({ length: Math.min(concurrency, count) }, worker));
  return { ms: performance.now() - begun, results };
}

/** @param {number[]} values @param {number} q */
function quantile(values, q) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))];
}
