/**
 * Where scenarios run. Our own engine with another guest is one line here: its language, what makes the guest, and what is
 * special about it. The order is that of the table.
 */

/** @import { DeploymentOptions } from "../../runtime/pool/pool.js" */
/** @import { LocalGuest } from "../local.js" */
/** @import { Target } from "../scenario.d.ts" */

import { spawnSync } from "node:child_process";
import { localTarget } from "../local.js";
import { upstreamTarget } from "./upstream.js";

/** @type {Record<string, (name: string) => Promise<Target>>} */
export const TARGETS = {
  python: local("python", pyodide),
  "python-js-transport": local("python", pyodide, { more: { transport: "js" } }),
  "python-upstream-sdk": async (name) => upstreamTarget(name, pyodide),
  wasmtime: local("python", wasmtime, { forgets: true, still: 400, unavailable: noWasmtime }),
  cpython: local("python", cpython),
  javascript: local("javascript", javascript),
  browser: async () => (await import("./browser.js")).default,
  cloudflare: async () => (await import("./cloudflare.js")).default,
};

/** Other names of targets: the runtime's, where the table says what language its scenarios are in. @type {Record<string, string>} */
export const ALIASES = { pyodide: "python" };

/** @param {DeploymentOptions} deployment @returns {Promise<LocalGuest>} */
async function pyodide(deployment) {
  const { PyodideGuest } = await import("../../runtime/pyodide/pool.js");
  return new PyodideGuest({ deployment, isolates: 1 });
}

/** @param {DeploymentOptions} deployment @returns {Promise<LocalGuest>} */
async function wasmtime(deployment) {
  const { WasmtimeGuest } = await import("../../runtime/wasmtime/pool.js");
  return new WasmtimeGuest({ deployment });
}

async function noWasmtime() {
  const python = process.env.STEPWELL_HOST_PYTHON ?? "python3";
  const { status } = spawnSync(python, ["-c", "import wasmtime"], { stdio: "ignore" });
  return status === 0 ? undefined : "wasmtime is not installed (pip install 'stepwell[wasmtime]').";
}

/** @param {DeploymentOptions} deployment @returns {Promise<LocalGuest>} */
async function cpython(deployment) {
  const { CPythonGuest } = await import("../../runtime/cpython/pool.js");
  return new CPythonGuest({ deployment, isolates: 1 });
}

/** @param {DeploymentOptions} deployment @returns {Promise<LocalGuest>} */
async function javascript(deployment) {
  const { JavaScriptGuest } = await import("../../runtime/javascript/pool.js");
  return new JavaScriptGuest({ deployment, isolates: 1 });
}

/**
 * @param {"python" | "javascript"} language
 * @param {(deployment: DeploymentOptions) => Promise<LocalGuest>} guest
 * @param {Omit<Parameters<typeof localTarget>[0], "name" | "language" | "guest">} [options]
 */
function local(language, guest, options) {
  return async (/** @type {string} */ name) => localTarget({ name, language, guest, ...options });
}
