/** What the modules of a deployment import of its packages, as far as their text tells. */

import { readdirSync } from "node:fs";

/** Statements at the beginning of a line: those inside a function run when it does. */
const STATEMENT = /^(?:from[ \t]+([\w.]+)[ \t]+import[ \t]+(?:\([^)]*\)|[^\n#;(\\]+)|import[ \t]+([\w.]+)[^\n#;\\]*)/gm;

/**
 * The import statements that concern packages, each once, in an order that does not depend on the files'.
 *
 * @param {string[]} texts of Python modules
 * @param {string} modules folder of the packages
 */
export function packageImports(texts, modules) {
  const names = packageNames(modules);
  const found = new Set();
  for (const text of texts) {
    for (const [statement, from, name] of text.matchAll(STATEMENT)) {
      if (names.has((from ?? name).split(".")[0])) found.add(statement.trim());
    }
  }
  return [...found].toSorted((a, b) => (a < b ? -1 : 1));
}

/** @param {string} modules */
function packageNames(modules) {
  const entries = readdirSync(modules).filter((name) => !name.endsWith(".dist-info"));
  return new Set(entries.map((name) => name.split(".")[0]));
}
