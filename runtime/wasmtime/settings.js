/** What sandboxed interpreters may reach and use: the defaults, and what a deployment says. */

/** @import { DeploymentOptions } from "../pool/pool.js" */

import { homedir } from "node:os";
import { join } from "node:path";

const MIB = 1 << 20;

/**
 * Times in ms, sizes in bytes; null is no limit.
 *
 * @typedef {object} SandboxSettings
 * @property {number} memory of one instance
 * @property {number | null} stepCpu processor time of one attempt of a step
 * @property {number | null} runCpu processor time of code outside steps
 * @property {number | null} passCpu processor time of one run of a workflow, from its start to its end or until it is parked
 * @property {number | null} passWall how long one such run may take
 * @property {number} maxOutput characters that one such run may write
 * @property {string[]} fetch hosts that may be fetched from: "api.example.com", "*.example.com", "localhost:8000"
 * @property {number | null} hostMemory of the process that hosts them; null: three quarters of the machine's
 * @property {number | null} threads that run instances; null: as many as there are processors
 * @property {string} python the Python that hosts them, which has the package `wasmtime`
 */

/** Upstream allows 30 s of processor time a step. */
const DEFAULTS = {
  memory: 256 * MIB,
  stepCpu: 30_000,
  runCpu: 30_000,
  passCpu: 900_000,
  passWall: null,
  maxOutput: 16 * MIB,
  hostMemory: null,
  fetch: [],
  threads: null,
};

/**
 * States of older versions call them `sealed`.
 *
 * @param {DeploymentOptions} deployment
 * @param {Partial<SandboxSettings>} [own]
 * @returns {SandboxSettings}
 */
export function settingsOf(deployment, own) {
  const { sandbox, sealed } = /** @type {any} */ (deployment.runtime ?? {});
  return { ...DEFAULTS, python: process.env.STEPWELL_HOST_PYTHON ?? "python3", ...(sandbox ?? sealed), ...own };
}

/** Where compiled components are kept. */
export function cacheFolder() {
  const own = process.env.STEPWELL_CACHE ?? join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "stepwell");
  return join(own, "wasmtime");
}
