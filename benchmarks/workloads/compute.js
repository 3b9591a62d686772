/** H: steps that compute for 50 ms. */

import { Bench, quantile, times } from "../bench.js";
import { join } from "node:path";
import { mkdirSync } from "node:fs";

const STEP = 50;
const STEPS = 5;
const INSTANCES = 8;

/** @param {{ folder: string }} settings */
export async function compute({ folder }) {
  const one = await open(folder, 1);
  const rounds = await calibrate(one);
  const alone = await all(one, rounds);
  await one.close();

  const two = await open(folder, 2);
  const together = await all(two, rounds);
  const computing = await two.create("Compute", { rounds, steps: 40 });
  /** @type {number[]} */
  const latencies = [];
  while (!two.store.ends.has(computing)) latencies.push((await two.run("Sequential", { steps: 1 })).ms);
  await two.close();
  return { speedup: alone / together, p50_ms: quantile(latencies, 0.5), p99_ms: quantile(latencies, 0.99) };
}

/** @param {string} folder @param {number} isolates */
function open(folder, isolates) {
  const own = join(folder, String(isolates));
  mkdirSync(own);
  return Bench.open(own, { isolates });
}

/** How many rounds of a loop take 50 ms on this machine, today. @param {Bench} bench */
async function calibrate(bench) {
  const rounds = 200_000;
  const { output } = await bench.run("Compute", { rounds, steps: 5 });
  return Math.round((rounds * STEP) / quantile(output, 0.5));
}

/** How long many take in ms. @param {Bench} bench @param {number} rounds */
async function all(bench, rounds) {
  const run = async (/** @type {number} */ steps) =>
    (await times(INSTANCES, INSTANCES, () => bench.run("Compute", { rounds, steps }))).ms;
  // A further isolate is started when the first has been seen to compute. In the second round all have run passes.
  await run(STEPS);
  await run(STEPS);
  return await run(STEPS);
}
