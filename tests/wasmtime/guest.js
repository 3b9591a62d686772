/** Sandboxed interpreters for tests, with a deployment from `flows/` and an engine of few lines. */

import { after, before } from "node:test";
import { fileURLToPath } from "node:url";
import { WasmtimeGuest } from "../../runtime/wasmtime/pool.js";
import { Engine } from "../guest/engine.js";

export const FLOWS = fileURLToPath(new URL("flows", import.meta.url));

/**
 * @param {string} main in `flows/`
 * @param {Partial<import("../../runtime/wasmtime/settings.js").SandboxSettings>} [settings]
 * @param {Partial<import("../../runtime/pool/pool.js").DeploymentOptions>} [deployment]
 */
export function openSandbox(main, settings = {}, deployment = {}) {
  return new WasmtimeGuest({
    deployment: { root: FLOWS, main: `${FLOWS}/${main}`, vars: {}, ...deployment },
    settings,
  });
}

/**
 * A guest for all tests of a file or `describe`. Takes what `openSandbox` takes.
 *
 * @param {Parameters<typeof openSandbox>} options
 */
export function useSandbox(...options) {
  const guest = openSandbox(...options);
  const engine = new Engine(guest);
  before(() => guest.load());
  after(() => guest.dispose());
  return { guest, engine };
}
