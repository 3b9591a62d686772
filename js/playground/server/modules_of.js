/** Which of our modules a module needs. */

import { existsSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { ROOT } from "../../../runtime/pyodide/files.js";

/** A static import, as we write it: its clause, where it leads, and what follows that. */
export const IMPORT = /^import (?:([^"';]*?) from )?"([^"]+)"( with \{[^}]*\})?;/gm;

const REEXPORT = /^export \{([^}]*)\} from ("[^"]+";)$/gm;

/** A module's source. What it hands on is imported under another name and exported, so that both are seen. @param {string} path */
export function readModule(path) {
  return readFileSync(ROOT + path, "utf8").replaceAll(REEXPORT, (_, list, from) => {
    const names = list.match(/\w+/g) ?? [];
    const pairs = (/** @type {(name: string) => string} */ pair) => names.map(pair).join(", ");
    return `import { ${pairs((name) => `${name} as handed_${name}`)} } from ${from}\nexport { ${pairs((name) => `handed_${name} as ${name}`)} };`;
  });
}

/**
 * @param {string} entry path in the host tree
 * @param {(path: string) => boolean} isOutside whether a module is none of ours
 * @returns {string[]} what it imports, directly or not, and then itself: each after what it needs
 */
export function modulesOf(entry, isOutside) {
  /** @type {Set<string>} */
  const found = new Set();
  const seen = new Set();
  const visit = (/** @type {string} */ path) => {
    if (seen.has(path) || isOutside(path) || !existsSync(ROOT + path)) return;
    seen.add(path);
    for (const [, , target] of readModule(path).matchAll(IMPORT)) {
      if (target.startsWith(".")) visit(posix.join(posix.dirname(path), target));
    }
    found.add(path);
  };
  visit(entry);
  return [...found];
}
