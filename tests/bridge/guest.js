/**
 * An interpreter for tests: Pyodide with the bridge and the SDK mounted, without engine, session or snapshot.
 */

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { loadPyodide } from "pyodide";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Make an interpreter. It takes a second or two, so a file of tests makes one. */
export async function loadGuest() {
  const pyodide = await loadPyodide({ env: { PYTHONDONTWRITEBYTECODE: "1" } });
  for (const [folder, name] of [
    ["bridge", "_workflows_bridge"],
    ["py/workers", "workers"],
    ["tests/bridge", "bridge_tests"],
    ["tests/workers", "workers_tests"],
  ]) {
    pyodide.FS.mkdirTree(`/guest/${name}`);
    pyodide.mountNodeFS(`/guest/${name}`, `${ROOT}${folder}`);
  }
  pyodide.runPython("import sys; sys.path[:0] = ['/guest', '/guest/bridge_tests', '/guest/workers_tests']");
  return pyodide;
}

/** The vectors of the encoding. */
export function readVectors() {
  return JSON.parse(readFileSync(`${ROOT}bridge/vectors.json`, "utf8"));
}
