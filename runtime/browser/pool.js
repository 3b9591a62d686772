/** Passes in a page: the pool of workers, each with an interpreter. */

/** @import { InterpreterBackend } from "../pool/isolate.js" */
/** @import { DeploymentOptions } from "../pool/pool.js" */
/** @import { BrowserParts } from "./parts.js" */

import { Pool } from "../pool/pool.js";
import { prewarmBackend } from "../pool/warm.js";
import { PACKAGES } from "./parts.js";
import { soon } from "./soon.js";
import { keepSpare, startWorker } from "./thread.js";

/** @type {Promise<BrowserParts>} */
let parts = Promise.reject(new Error("No parts have been given."));
parts.catch(() => {});

/** @type {InterpreterBackend} */
const BROWSER = {
  start: startWorker,
  parts: () => parts,
  // Without shared memory no signal reaches an interpreter that runs.
  interruptible: globalThis.SharedArrayBuffer !== undefined,
  soon,
  limits: { isolates: 2 },
};

/** @typedef {Omit<DeploymentOptions, "modules"> & { files: Record<string, string>, remedy?: string }} BrowserDeployment `files` are written below `root` */

export class BrowserGuest extends Pool {
  /** @param {{ deployment: BrowserDeployment, isolates?: number, memoryLimit?: number, cpuLimit?: number }} options see `Pool` */
  constructor(options) {
    super(BROWSER, { ...options, deployment: { ...options.deployment, modules: PACKAGES } });
  }

  /**
   * Start an interpreter before it is known what for.
   *
   * @param {Promise<BrowserParts>} [from] what all interpreters of this page start from, where it has not been given before
   * @param {Worker} [spare] a worker that has been started for it already
   * @returns {Promise<void>} settled when it has started
   */
  static async prewarm(from, spare) {
    if (from) parts = from;
    if (spare) keepSpare(spare);
    await prewarmBackend(BROWSER).ready();
  }

  /**
   * Let the interpreter that stands by look at source code. See runtime/python/examine.py for what it can be asked.
   *
   * @param {"check" | "graph"} what
   * @param {object} given
   */
  static async examine(what, given) {
    return await prewarmBackend(BROWSER).examine(what, given);
  }
}
