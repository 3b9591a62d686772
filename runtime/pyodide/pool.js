/** Passes in Pyodide: the pool of threads, each with an interpreter. */

/** @import { Kind } from "../isolate.js" */
/** @import { Deployment } from "../pool.js" */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { startThread } from "../node_thread.js";
import { Pool } from "../pool.js";
import { guestFiles, pyodideFolder } from "./files.js";
import { findSnapshot } from "./snapshot.js";

/**
 * What all threads share: compiled once, looked for once.
 *
 * @type {Promise<[WebAssembly.Module, import("./image.js").Snapshot]> | undefined}
 */
let shared;

/** @type {Kind} */
const PYODIDE = {
  start: (events) => startThread(new URL("worker.js", import.meta.url), events),
  soon: setImmediate,
  interruptible: true,
  async parts() {
    shared ??= Promise.all([readFile(join(pyodideFolder(), "pyodide.asm.wasm")).then(compile), findSnapshot()]);
    const [module, snapshot] = await shared;
    return { files: guestFiles(), module, snapshot };
  },
};

/** @param {Buffer<ArrayBuffer>} bytes are gone afterwards: the module has a copy of its own */
async function compile(bytes) {
  const module = await WebAssembly.compile(bytes);
  bytes.buffer.transfer(0);
  return module;
}

export class PyodideGuest extends Pool {
  /** @param {{ deployment: Deployment, isolates?: number, memoryLimit?: number, cpuLimit?: number }} options see `Pool` */
  constructor(options) {
    super(PYODIDE, options);
  }

  /** Start an interpreter before it is known what for. */
  static prewarm() {
    Pool.prewarmKind(PYODIDE);
  }
}
