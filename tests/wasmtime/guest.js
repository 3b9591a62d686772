/** Sealed interpreters for tests, with a deployment from `flows/` and an engine of few lines. */

import { after, before } from "node:test";
import { fileURLToPath } from "node:url";
import { WasmtimeGuest } from "../../runtime/wasmtime/pool.js";
import { Engine } from "../guest/engine.js";

export const FLOWS = fileURLToPath(new URL("flows", import.meta.url));

/**
 * @param {string} main in `flows/`
 * @param {Partial<import("../../runtime/wasmtime/settings.js").Sealing>} [settings]
 * @param {Partial<import("../../runtime/pool.js").Deployment>} [deployment]
 */
export function useSealed(main, settings = {}, deployment = {}) {
  const guest = new WasmtimeGuest({
    deployment: { root: FLOWS, main: `${FLOWS}/${main}`, vars: {}, ...deployment },
    settings,
  });
  const engine = new Engine(guest);
  before(() => guest.load());
  after(() => guest.dispose());
  return { guest, engine };
}
