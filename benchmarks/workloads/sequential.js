/** A: workflows of ten trivial steps, so many at a time. */

import { Bench, quantile, times } from "../bench.js";

const STEPS = 10;

/** @param {{ folder: string, instances: number, concurrency: number }} settings */
export async function sequential({ folder, instances, concurrency }) {
  const bench = await Bench.open(folder);
  const all = (/** @type {string} */ workflow) =>
    times(instances, concurrency, () => bench.run(workflow, { steps: STEPS }));
  // Whoever compiles while it runs, we and most peers, is warm after so much of the same.
  await all("Sequential");
  const { ms, results } = await all("Sequential");
  const timed = await all("Timed");
  await bench.close();
  const latencies = results.map((run) => run.ms);
  const steps = timed.results.flatMap((run) => /** @type {number[]} */ (run.output));
  return {
    steps_per_s: (instances * STEPS * 1000) / ms,
    step_p50_ms: quantile(steps, 0.5),
    step_p99_ms: quantile(steps, 0.99),
    p50_ms: quantile(latencies, 0.5),
    p99_ms: quantile(latencies, 0.99),
  };
}
