/** A guest for tests: the real one, with a deployment from `flows/`. */

import { after, before } from "node:test";
import { fileURLToPath } from "node:url";
import { CPythonGuest } from "../../runtime/cpython/pool.js";
import { PyodideGuest } from "../../runtime/pyodide/pool.js";
import { WasmtimeGuest } from "../../runtime/wasmtime/pool.js";
import { Engine } from "./engine.js";

const FLOWS = fileURLToPath(new URL("flows", import.meta.url));

/** The runtimes for Python that the suite runs in. */
const GUESTS = {
  pyodide: PyodideGuest,
  cpython: CPythonGuest,
  // It has no census: nothing of an interpreter is left when its pass is over.
  wasmtime: /** @type {typeof CPythonGuest} */ (/** @type {unknown} */ (WasmtimeGuest)),
};

/** @typedef {{ runtime?: keyof typeof GUESTS, vars?: Record<string, unknown>, transport?: "batched" | "js", isolates?: number, memoryLimit?: number, cpuLimit?: number }} Options */

/**
 * Make a guest.
 *
 * @param {string} file in `flows/`
 * @param {Options} [options]
 */
export function openGuest(file, { runtime = "pyodide", vars = {}, transport, ...limits } = {}) {
  return new GUESTS[runtime]({
    deployment: { root: FLOWS, main: `${FLOWS}/${file}`, vars, ...(transport ? { transport } : {}) },
    isolates: 1,
    ...limits,
  });
}

/**
 * A guest for all tests of a file or `describe`.
 *
 * @param {string} file in `flows/`
 * @param {Options} [options]
 */
export function useGuest(file, options) {
  const guest = openGuest(file, options);
  const engine = new Engine(guest);
  /** @type {{ classes: string[], output: { level: string, text: string }[] }} */
  let loaded;
  before(async () => {
    loaded = await guest.load();
  });
  after(() => guest.dispose());
  return { guest, engine, loaded: () => loaded };
}

const ONLY = process.env.STEPWELL_RUNTIME;

/**
 * Where the claims of a suite hold: in every runtime, and on both ways on which the SDK's calls can reach the session.
 * `besideJs`: whether it has JavaScript beside it. One runtime is picked by STEPWELL_RUNTIME; `wasmtime`, which needs a
 * package and has a session of its own in `noxfile.py`, runs only so.
 */
export const PLACES = /** @type {const} */ ([
  { where: "in Pyodide", runtime: "pyodide", transport: "batched", besideJs: true },
  { where: "in Pyodide, call by call", runtime: "pyodide", transport: "js", besideJs: true },
  { where: "in CPython", runtime: "cpython", transport: "batched", besideJs: false },
  { where: "in a sandboxed interpreter", runtime: "wasmtime", transport: "batched", besideJs: false },
]).filter(({ runtime }) => (ONLY === undefined ? runtime !== "wasmtime" : runtime === ONLY));
