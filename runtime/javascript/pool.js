/** Passes in JavaScript: the pool of threads, each of which runs the user's modules. */

/** @import { InterpreterBackend } from "../pool/isolate.js" */
/** @import { DeploymentOptions } from "../pool/pool.js" */

import { startThread } from "../pool/node_thread.js";
import { Pool } from "../pool/pool.js";

/**
 * V8 cannot be interrupted in one function and go on in another, so code that spins ends its thread.
 *
 * @type {InterpreterBackend}
 */
const JAVASCRIPT = {
  start: (events, clock, objects) => startThread(new URL("worker.js", import.meta.url), events, { clock, objects }),
  runsHandlers: true,
  hasObjects: true,
  parts: async () => ({}),
  interruptible: false,
  soon: setImmediate,
  hasVirtualTime: true,
  reloads: true,
};

export class JavaScriptGuest extends Pool {
  /** @param {{ deployment: DeploymentOptions, isolates?: number, memoryLimit?: number, cpuLimit?: number, clock?: SharedArrayBuffer }} options see `Pool` */
  constructor(options) {
    super(JAVASCRIPT, options);
  }
}
