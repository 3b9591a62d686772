/** Passes in plain CPython: the pool of processes, each with an interpreter. */

/** @import { Kind } from "../pool/isolate.js" */
/** @import { Deployment } from "../pool/pool.js" */

import { fileURLToPath } from "node:url";
import { Pool } from "../pool/pool.js";
import { Checks } from "../process/checks.js";
import { GuestProcess } from "../process/process.js";

const PROGRAM = fileURLToPath(new URL("main.py", import.meta.url));
const GIB = 1 << 30;

/** One kind for each Python. @type {Map<string, Kind>} */
const kinds = new Map();

/** @param {string} python */
function kindOf(python) {
  let kind = kinds.get(python);
  if (!kind) {
    kind = {
      start: (events) => new GuestProcess({ command: python, args: [PROGRAM], what: `process of ${python}` }, events),
      parts: async () => ({}),
      checks: () => new Checks(),
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
   * @param {Deployment} options.deployment its `runtime.python` is the Python to run, by default what STEPWELL_HOST_PYTHON names
   * @param {number} [options.isolates]
   * @param {number} [options.memoryLimit]
   * @param {number} [options.cpuLimit]
   */
  constructor(options) {
    super(kindOf(pythonOf(options.deployment.runtime)), options);
  }

  /** Start a process before it is known what for. @param {Deployment["runtime"]} runtime */
  static prewarm(runtime) {
    Pool.prewarmKind(kindOf(pythonOf(runtime)));
  }
}

/** @param {Deployment["runtime"]} runtime */
function pythonOf(runtime) {
  return /** @type {string | undefined} */ (runtime?.python) ?? process.env.STEPWELL_HOST_PYTHON ?? "python3";
}
