/** The results that are published: the cells as a file, and a summary of them for PARITY.md. */

import { readFileSync, writeFileSync } from "node:fs";

/** @import { Result, Row } from "./table.js" */

const SUMMARY = /(<!-- conformance -->\n)[^]*(<!-- end of conformance -->)/;
const CELL = /^(same|differs|n\.a\.|failed)(?:: ([^]*))?$/;

/**
 * The results that a file holds, by scenario and target. A cell is its kind, or `KIND: REASON`.
 *
 * @param {string} path
 * @returns {Map<string, Map<string, Result>>}
 */
export function readCells(path) {
  /** @type {Record<string, Record<string, string>>} */
  const cells = JSON.parse(readFileSync(path, "utf8"));
  return new Map(
    Object.entries(cells).map(([name, row]) => [
      name,
      new Map(Object.entries(row).map(([target, cell]) => [target, resultOf(cell)])),
    ]),
  );
}

/**
 * Writes *rows* into a file, one row a line, so that a change of a cell is a change of a line.
 *
 * @param {string} path
 * @param {Row[]} rows
 * @param {string[]} targets in the order of the columns
 */
export function writeCells(path, rows, targets) {
  const lines = rows.map(({ name, results }) => {
    const cells = targets.flatMap((target) => {
      const result = results.get(target);
      return result ? [[target, result.text ? `${result.kind}: ${result.text}` : result.kind]] : [];
    });
    return ` ${JSON.stringify(name)}: ${JSON.stringify(Object.fromEntries(cells))}`;
  });
  writeFileSync(path, `{\n${lines.join(",\n")}\n}\n`);
}

/**
 * The groups of scenarios beside the targets: how many have the expected outcome, of those that the target can run.
 *
 * @param {Row[]} rows
 * @param {string[]} targets
 */
export function summaryTable(rows, targets) {
  /** @type {Map<string, Row[]>} */
  const groups = new Map();
  for (const row of rows) {
    const [group] = row.name.split(":", 1);
    groups.set(group, [...(groups.get(group) ?? []), row]);
  }
  const line = (/** @type {string} */ name, /** @type {Row[]} */ among) =>
    `| ${[name, among.length, ...targets.map((target) => share(among, target))].join(" | ")} |`;
  return [
    `| group | scenarios | ${targets.map((target) => `\`${target}\``).join(" | ")} |`,
    `| --- | ---: |${" ---: |".repeat(targets.length)}`,
    ...[...groups].map(([group, among]) => line(`\`${group}\``, among)),
    line("all", rows),
  ].join("\n");
}

/**
 * Brings the summary of a page up to date; the page has it between two marks.
 *
 * @param {string} path
 * @param {Row[]} rows
 * @param {string[]} targets
 */
export function writeSummary(path, rows, targets) {
  const page = readFileSync(path, "utf8");
  writeFileSync(
    path,
    page.replace(SUMMARY, (_, start, end) => `${start}${summaryTable(rows, targets)}\n${end}`),
  );
}

/** @param {Row[]} among @param {string} target */
function share(among, target) {
  const kinds = among.map(({ results }) => results.get(target)?.kind);
  const run = kinds.filter((kind) => kind !== undefined && kind !== "n.a.").length;
  if (run === 0) return "–";
  const same = kinds.filter((kind) => kind === "same").length;
  return same === run ? String(run) : `${same} of ${run}`;
}

/** @param {string} cell @returns {Result} */
function resultOf(cell) {
  const [, kind, text = ""] = CELL.exec(cell) ?? [];
  if (kind === undefined) throw new Error(`A cell of a table of results is ${JSON.stringify(cell)}.`);
  return { kind: /** @type {Result["kind"]} */ (kind), text };
}
