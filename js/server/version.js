/** Which versions these are, read once from the packages themselves. */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

/** @param {string | URL} path @returns {{ version: string }} */
function read(path) {
  return JSON.parse(readFileSync(path, "utf8"));
}

export const VERSION = read(new URL("../../package.json", import.meta.url)).version;
export const PYODIDE_VERSION = read(require.resolve("pyodide/package.json")).version;
