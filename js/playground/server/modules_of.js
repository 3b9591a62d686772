/** Which modules a module needs, so that a browser can be told of all of them before it has read the first. */

import { existsSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { ROOT } from "../../../runtime/pyodide/files.js";

/** Static imports of files; those of packages have bare names. */
const IMPORT = /^(?:import|export)\s(?:[^"';]*?\sfrom\s+)?"(\.[^"]+)";/gm;

/**
 * @param {string} entry path in the host tree
 * @returns {string[]} what it imports, directly or not, and then itself: each after what it needs
 */
export function modulesOf(entry) {
  /** @type {Set<string>} */
  const found = new Set();
  const seen = new Set();
  const visit = (/** @type {string} */ path) => {
    if (seen.has(path) || !existsSync(ROOT + path)) return;
    seen.add(path);
    for (const [, target] of readFileSync(ROOT + path, "utf8").matchAll(IMPORT)) {
      visit(posix.join(posix.dirname(path), target));
    }
    found.add(path);
  };
  visit(entry);
  return [...found];
}

/** A module that is *entry*, and names everything that it needs in one place. @param {string} entry */
export function allAtOnce(entry) {
  const lines = modulesOf(entry).map((path) => `import "../${path}";`);
  return [...lines, `export * from "../${entry}";`, ""].join("\n");
}
