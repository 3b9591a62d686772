/** Passes in plain CPython: the pool of processes, each with an interpreter. */

/** @import { InterpreterBackend } from "../pool/isolate.js" */
/** @import { DeploymentOptions } from "../pool/pool.js" */
/** @import { WarmOptions } from "../pool/warm.js" */

import { fileURLToPath } from "node:url";
import { Pool } from "../pool/pool.js";
import { prewarmBackend } from "../pool/warm.js";
import { ProtocolChecks } from "../process/checks.js";
import { ProcessHandle } from "../process/process.js";

const PROGRAM = fileURLToPath(new URL("main.py", import.meta.url));
const GIB = 1 << 30;

/**
 * As in the other runtimes: local time is UTC, and sets have the same order in each process, for a replay may run in another.
 */
const ENV = { TZ: "UTC", PYTHONHASHSEED: "111" };

/** One kind for each Python. @type {Map<string, InterpreterBackend>} */
const kinds = new Map();

/** @param {string} python */
function kindOf(python) {
  let kind = kinds.get(python);
  if (!kind) {
    kind = {
      start: (events, clock) =>
        new ProcessHandle(
          { command: python, args: [PROGRAM], env: { ...process.env, ...ENV }, what: `process of ${python}` },
          events,
          clock,
        ),
      hasVirtualTime: true,
      reloads: true,
      parts: async () => ({}),
      checks: () => new ProtocolChecks(),
      interruptible: true,
      isUsers: true,
      soon: setImmediate,
      // Native libraries take what they need.
      limits: { memoryLimit: Infinity, memoryMark: GIB },
    };
    kinds.set(python, kind);
  }
  return kind;
}

export class CPythonGuest extends Pool {
  /**
   * @param {object} options see `Pool`
   * @param {DeploymentOptions} options.deployment its `runtime.python` is the Python to run, by default what STEPWELL_HOST_PYTHON names
   * @param {number} [options.isolates]
   * @param {number} [options.memoryLimit]
   * @param {number} [options.cpuLimit]
   * @param {SharedArrayBuffer} [options.clock]
   */
  constructor(options) {
    super(kindOf(pythonOf(options.deployment.runtime)), options);
  }

  /**
   * Start a process before the deployment is loaded.
   *
   * @param {DeploymentOptions} deployment
   * @param {WarmOptions} [options] of the pool that is to take it
   */
  static prewarm({ runtime }, options) {
    prewarmBackend(kindOf(pythonOf(runtime)), options);
  }
}

/** @param {DeploymentOptions["runtime"]} runtime */
function pythonOf(runtime) {
  return /** @type {string | undefined} */ (runtime?.python) ?? process.env.STEPWELL_HOST_PYTHON ?? "python3";
}
