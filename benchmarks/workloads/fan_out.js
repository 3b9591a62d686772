/** B: one instance whose steps all run at once. */

import { Bench, quantile, times } from "../bench.js";

/** @param {{ folder: string, instances: number, steps: number }} settings */
export async function fanOut({ folder, instances, steps }) {
  const bench = await Bench.open(folder);
  await bench.run("FanOut", { steps });
  const { results } = await times(instances, 1, () => bench.run("FanOut", { steps }));
  await bench.close();
  return {
    ms: quantile(
      results.map((run) => run.ms),
      0.5,
    ),
  };
}
