/** The Python files that every guest has, and the name of the snapshot that has them imported. */

/** @import { GuestFile } from "./interpreter.js" */

import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The host tree: the repository, or its copy in the wheel. */
export const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** The packages of the guest. `runtime/packages.json` has the folder of each. */
const PACKAGES = ["workers", "asgi", "_workflows_bridge", "_stepwell_runtime", "_stepwell_graph", "_stepwell_pyodide"];

/** @returns {GuestFile[]} */
export function guestFiles() {
  /** @type {Record<string, string>} */
  const folders = JSON.parse(readFileSync(join(ROOT, "runtime/packages.json"), "utf8"));
  return PACKAGES.flatMap((name) => {
    const folder = join(ROOT, folders[name]);
    return readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(".py") || path.endsWith("py.typed"))
      .toSorted()
      .map((path) => ({ path: `${name}/${path}`, text: readFileSync(join(folder, path), "utf8") }));
  });
}

/** The folder of the npm package `pyodide`. */
export function pyodideFolder() {
  return dirname(createRequire(import.meta.url).resolve("pyodide/package.json"));
}

/** @returns {string} */
export function pyodideVersion() {
  return JSON.parse(readFileSync(join(pyodideFolder(), "package.json"), "utf8")).version;
}

/** The modules of this folder: they make the snapshot, and ask Emscripten's module for exports. */
export function hostModules() {
  const folder = new URL("./", import.meta.url);
  return readdirSync(folder)
    .filter((name) => name.endsWith(".js"))
    .toSorted()
    .map((name) => ({ name, text: readFileSync(new URL(name, folder), "utf8") }));
}

/**
 * A snapshot is good for the interpreter and the files that it was made with. The engine of Node counts too: what it
 * supports decides which functions Pyodide adds to the table that the snapshot refers to.
 *
 * @param {GuestFile[]} files
 */
export function snapshotKey(files) {
  const hash = createHash("sha256");
  hash.update(JSON.stringify([pyodideVersion(), process.versions.node.split(".")[0], files]));
  for (const { text } of hostModules()) hash.update(text);
  return hash.digest("hex").slice(0, 32);
}
