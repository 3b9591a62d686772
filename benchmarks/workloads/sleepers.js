/** E: instances that sleep. */

import { Bench, delay, memory, times } from "../bench.js";

const CLIENTS = 100;
const FAR = 24 * 3600 * 1000;

/** Sleeps of two seconds. @param {{ folder: string, instances: number }} settings */
export async function sleepers({ folder, instances }) {
  const sleep = 2000;
  const bench = await Bench.open(folder);
  const begun = performance.now();
  const created = await times(instances, CLIENTS, () => bench.create("Sleeper", { sleep }));
  await Promise.all(created.results.map((number) => bench.ended(number)));
  const ms = performance.now() - begun;
  await bench.close();
  return { create_ms: created.ms, late_ms: ms - sleep };
}

/**
 * So many that only the database can hold them. One in ten falls due at the same moment.
 *
 * @param {{ folder: string, instances: number }} settings
 */
export async function manySleepers({ folder, instances }) {
  const bench = await Bench.open(folder);
  const due = Math.ceil(instances / 10);
  const begun = performance.now();
  const far = await times(instances - due, CLIENTS, () => bench.create("Sleeper", { until: Date.now() + FAR }));
  await asleep(bench, instances - due);
  const took = performance.now() - begun;
  if ((await bench.count("Sleeper", "waiting")) !== instances - due) throw new Error("Not all of them are asleep.");
  // All of them shall sleep before the first wakes up.
  const until = Date.now() + 3000 + took / 3;
  const near = await times(due, CLIENTS, () => bench.create("Sleeper", { until }));
  await asleep(bench, instances, until);
  const { rss, pss } = memory();
  await Promise.all(near.results.map((number) => bench.ended(number)));
  const wake = Date.now() - until;
  await bench.close();
  return {
    create_per_s: ((instances - due) * 1000) / far.ms,
    asleep_per_s: ((instances - due) * 1000) / took,
    rss_mb: rss,
    pss_mb: pss,
    wake_ms: wake,
  };
}

/** @param {Bench} bench @param {number} instances @param {number} [until] when the first wakes up */
async function asleep(bench, instances, until = Infinity) {
  while (bench.store.parked < instances) {
    if (Date.now() > until) throw new Error("Some woke up before the last had fallen asleep.");
    await delay(20);
  }
}
