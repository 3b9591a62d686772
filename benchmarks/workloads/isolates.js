/** D, the part inside of a process: another isolate, and an instance where one is waiting. */

import { Bench, newGuest, quantile, times } from "../bench.js";

/** @param {{ folder: string }} settings */
export async function isolates({ folder }) {
  const bench = await Bench.open(folder);
  const started = await times(5, 1, async () => {
    const begun = performance.now();
    const guest = newGuest();
    await guest.load();
    const ms = performance.now() - begun;
    await guest.dispose();
    return ms;
  });
  const { results } = await times(50, 1, () => bench.run("Sequential", { steps: 1 }));
  await bench.close();
  return {
    isolate_ms: quantile(started.results, 0.5),
    warm_ms: quantile(
      results.map((run) => run.ms),
      0.5,
    ),
  };
}
