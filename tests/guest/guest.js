/** A guest for tests: the real one, with a deployment from `flows/`. */

import { after, before } from "node:test";
import { fileURLToPath } from "node:url";
import { PyodideGuest } from "../../runtime/pyodide/pool.js";
import { Engine } from "./engine.js";

const FLOWS = fileURLToPath(new URL("flows", import.meta.url));

/** @typedef {{ vars?: Record<string, unknown>, lane?: "batched" | "js", isolates?: number, memoryLimit?: number, cpuLimit?: number }} Options */

/**
 * Make a guest.
 *
 * @param {string} file in `flows/`
 * @param {Options} [options]
 */
export function openGuest(file, { vars = {}, lane, ...limits } = {}) {
  return new PyodideGuest({
    deployment: { root: FLOWS, main: `${FLOWS}/${file}`, vars, ...(lane ? { lane } : {}) },
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

/** Both ways on which the SDK's calls reach the session; what a suite says holds for either. */
export const LANES = /** @type {const} */ (["batched", "js"]);
