/** The runtimes that there are in Node, a line each. A page has its own one. */

/** @import { Guest } from "../bridge/protocol.d.ts" */
/** @import { DeploymentOptions } from "./pool/pool.js" */
/** @import { WarmOptions } from "./pool/warm.js" */

import { extname } from "node:path";

const PYTHON = [".py"];
const JAVASCRIPT = [".js", ".mjs", ".ts", ".mts"];

/**
 * @typedef {NonNullable<DeploymentOptions["runtime"]>} RuntimeOptions
 *
 * @typedef {object} RuntimeEntry
 * @property {string[]} suffixes of the main files that it runs; the first runtime that has a suffix is its default
 * @property {() => Promise<GuestClass>} load reads its code, which nobody needs who runs another
 *
 * What the engine talks to, and what whoever puts it there needs of it besides.
 *
 * @typedef {object} LoadableRuntime
 * @property {() => Promise<{ classes: string[], handlers?: import("./pool/pool.js").Handlers, output: { level: string, text: string }[] }>} load imports the deployment
 * @property {boolean} inUse whether passes are there
 * @property {(call: import("./handlers/protocol.d.ts").BindingCall, port: import("./handlers/port.js").HandlerPort) => Promise<any>} [answer]
 *   set by its loader: answers calls of bindings
 * @property {boolean} [hasObjects] whether Durable Objects can live in its interpreters
 * @property {(folder: string) => ReturnType<import("./pool/handler_pool.js").OpenIsolate>} [openForObjects] likewise for Durable
 *   Objects, whose files are in the folder
 * @property {boolean} [runsHandlers] whether handlers can be called in its interpreters
 * @property {import("./pool/handler_pool.js").OpenIsolate} [openForHandlers] an interpreter of its own for handlers
 * @property {(text: string) => void} onoutput takes what was written, and whose it is nobody knows
 * @property {(line: string) => void} onproblem takes a line for the operator
 * @property {(on: boolean) => void} [ondebugging] told when a debugger takes the terminal, and when it gives it back
 *
 * @typedef {Guest & LoadableRuntime} RuntimeGuest
 *
 * @typedef {{ new (options: { deployment: DeploymentOptions }): RuntimeGuest, prewarm?: (deployment: DeploymentOptions, options?: WarmOptions) => void, prepare?: (deployment: DeploymentOptions, say: (line: string) => void) => Promise<void> }} GuestClass
 *   `prewarm` starts an interpreter for the next guest of the deployment; `prepare` makes what its interpreters start from
 */

/** @type {Record<string, RuntimeEntry>} */
export const RUNTIMES = {
  pyodide: { suffixes: PYTHON, load: async () => (await import("./pyodide/pool.js")).PyodideGuest },
  cpython: { suffixes: PYTHON, load: async () => (await import("./cpython/pool.js")).CPythonGuest },
  wasmtime: { suffixes: PYTHON, load: async () => (await import("./wasmtime/pool.js")).WasmtimeGuest },
  javascript: { suffixes: JAVASCRIPT, load: async () => (await import("./javascript/pool.js")).JavaScriptGuest },
};

/** All that can be run. */
export const SUFFIXES = [...PYTHON, ...JAVASCRIPT];

/**
 * The name of the runtime that runs a main file.
 *
 * @param {string} main
 * @param {RuntimeOptions | null} [runtime] the one that was chosen
 * @returns {string | undefined} undefined: none does, or not the one that was chosen
 */
export function runtimeFor(main, runtime) {
  const suffix = extname(main);
  const names = Object.keys(RUNTIMES).filter((name) => RUNTIMES[name].suffixes.includes(suffix));
  return runtime ? names.find((name) => name === runtime.name) : names[0];
}
