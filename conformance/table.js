/** The results as a table, for people and for PARITY.md. */

/** @typedef {{ name: string, results: Map<string, Result> }} Row by target */
/** @typedef {{ kind: "same" | "differs" | "n.a." | "failed", text: string }} Result */

/**
 * @param {Row[]} rows
 * @param {string[]} targets
 */
export function markdown(rows, targets) {
  const lines = [`| scenario | ${targets.join(" | ")} |`, `| --- |${" --- |".repeat(targets.length)}`];
  for (const { name, results } of rows) {
    const cells = targets.map((target) => {
      const result = results.get(target);
      if (!result) return "";
      return result.text ? `${result.kind}: ${result.text}` : result.kind;
    });
    lines.push(`| ${[name, ...cells].map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`);
  }
  return lines.join("\n");
}

/**
 * The results that a table holds, by scenario and target: what `markdown` has written.
 *
 * @param {string} text
 * @returns {Map<string, Map<string, Result>>}
 */
export function readMarkdown(text) {
  const [head = [], , ...lines] = text
    .split("\n")
    .filter((line) => line.startsWith("| "))
    .map((line) =>
      line
        .slice(2, -2)
        .split(/ \| /)
        .map((cell) => cell.replaceAll("\\|", "|")),
    );
  return new Map(
    lines.map(([name, ...cells]) => [
      name,
      new Map(
        cells.flatMap((cell, i) => {
          const [, kind, why = ""] = /^(same|differs|n\.a\.|failed)(?:: (.*))?$/.exec(cell) ?? [];
          return kind ? [[head[i + 1], { kind: /** @type {Result["kind"]} */ (kind), text: why }]] : [];
        }),
      ),
    ]),
  );
}

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
