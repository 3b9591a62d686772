/** I: instances that wait, and an event for each. */

import { Bench, delay, quantile, times } from "../bench.js";

/** @param {{ folder: string, instances: number }} settings */
export async function events({ folder, instances }) {
  const bench = await Bench.open(folder);
  const oneByOne = await waiting(bench, instances);
  const { results } = await times(instances, 1, (index) => send(bench, oneByOne[index]));
  const atOnce = await waiting(bench, instances);
  const { ms } = await times(instances, instances, (index) => send(bench, atOnce[index]));
  await bench.close();
  return { p50_ms: quantile(results, 0.5), p99_ms: quantile(results, 0.99), all_ms: ms };
}

/** Make instances, and wait until all of them are parked. @param {Bench} bench @param {number} instances */
async function waiting(bench, instances) {
  const { results } = await times(instances, 100, () => bench.create("Waiter", {}));
  while ((await bench.count("Waiter", "waiting")) < instances) await delay(20);
  return results;
}

/** How long it takes from sending to the instance's end, in ms. @param {Bench} bench @param {number} number */
async function send(bench, number) {
  const { id } = /** @type {{ id: string }} */ (bench.store.loadInstanceByNumber(number));
  const begun = performance.now();
  const ended = bench.ended(number);
  await bench.engine.commands.sendEvent("Waiter", id, "go", "1");
  await ended;
  return performance.now() - begun;
}
