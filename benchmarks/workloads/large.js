/** F: results of 100 KB. */

import { Bench } from "../bench.js";

/** @param {{ folder: string, steps: number }} settings */
export async function large({ folder, steps }) {
  const bench = await Bench.open(folder);
  const { ms } = await bench.run("Large", { steps });
  await bench.close();
  return { ms };
}
