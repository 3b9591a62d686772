/** The results as a table on a terminal. */

/** @typedef {{ name: string, results: Map<string, Result> }} Row by target */
/** @typedef {{ kind: "same" | "differs" | "n.a." | "failed", text: string }} Result */

/**
 * @param {Row[]} rows
 * @param {string[]} targets
 */
export function plain(rows, targets) {
  const width = Math.max(8, ...rows.map(({ name }) => name.length));
  const columns = targets.map((target) => Math.max(target.length, 7));
  const line = (/** @type {string[]} */ cells) =>
    cells
      .map((cell, i) => cell.padEnd(i === 0 ? width : columns[i - 1]))
      .join("  ")
      .trimEnd();
  return [
    line(["scenario", ...targets]),
    ...rows.map(({ name, results }) => line([name, ...targets.map((target) => results.get(target)?.kind ?? "")])),
  ].join("\n");
}
