/** One Pyodide interpreter in this thread: restored from a snapshot, or started afresh to make one. */

import { hideSystem } from "./system_calls.js";
import { useUtc } from "./utc.js";

/** @typedef {{ path: string, text: string }} GuestFile `path` is relative to the guest's site-packages */

/** How Python, as Emscripten has compiled it, looks for signals. */
export const SIGNAL_CHECK = "_Py_CheckEmscriptenSignals_Helper";
const ENV = { HOME: "/session", PYTHONHASHSEED: "111" };

/**
 * @typedef {object} InterpreterOptions
 * @property {(options: any) => Promise<any>} loadPyodide handed in, because a page's worker finds it by its place only
 * @property {GuestFile[]} files
 * @property {Uint8Array} [snapshot]
 * @property {boolean} [makeSnapshot] start so that a snapshot can be made
 * @property {WebAssembly.Module} [module] Pyodide's, compiled
 * @property {object} globals what `import js` gives
 * @property {number} [memoryLimit] in bytes
 * @property {Uint8Array} [signals] where an interrupt stands first, as in `setInterruptBuffer`, which switches the looking on;
 *   needs `module`
 * @property {object} [options] more for `loadPyodide`
 *
 * @param {InterpreterOptions} options
 */
export async function startInterpreter({
  loadPyodide,
  files,
  snapshot,
  makeSnapshot = false,
  module,
  globals,
  memoryLimit = Infinity,
  signals,
  options = {},
}) {
  const release = module ? shareModule(module, snapshot?.length ?? 0, signals) : () => {};
  limitMemory(memoryLimit);
  try {
    return await loadPyodide({
      env: { ...ENV },
      jsglobals: globals,
      // The host's own input is not the guest's.
      stdin: () => null,
      // Output takes another way: see output.py.
      stdout: () => {},
      stderr: () => {},
      fsInit: async (/** @type {any} */ FS, /** @type {{ sitePackages: string }} */ { sitePackages }) =>
        writeFiles(FS, sitePackages, files),
      ...options,
      ...(snapshot ? { _loadSnapshot: snapshot } : { _makeSnapshot: makeSnapshot }),
    });
  } finally {
    release();
  }
}

/**
 * @param {any} FS
 * @param {string} folder
 * @param {GuestFile[]} files
 */
export function writeFiles(FS, folder, files) {
  const encoder = new TextEncoder();
  /** @type {Set<string>} */
  const made = new Set();
  for (const { path, text } of files) {
    const place = `${folder}/${path}`;
    const parent = place.slice(0, place.lastIndexOf("/"));
    if (!made.has(parent)) FS.mkdirTree(parent);
    made.add(parent);
    // As bytes: Emscripten encodes text one character after the other.
    FS.writeFile(place, encoder.encode(text));
  }
}

/**
 * Let the next instantiation of Pyodide's WebAssembly use `module`: Pyodide itself compiles anew in each thread.
 *
 * @param {WebAssembly.Module} module
 * @param {number} size of the snapshot, which is put into memory as it is: it may have grown
 * @param {Uint8Array} [signals]
 */
function shareModule(module, size, signals) {
  const { instantiate, instantiateStreaming } = WebAssembly;
  /** @param {any} imports */
  const share = async (imports) => {
    if (signals) lookAt(signals, imports.env);
    hideSystem(imports.env);
    useUtc(imports.env, () => memory.buffer);
    const instance = await instantiate(module, imports);
    const memory = /** @type {WebAssembly.Memory} */ (instance.exports.memory);
    memory.grow(Math.max(0, Math.floor((size - memory.buffer.byteLength) / 65_536)));
    return { module, instance };
  };
  Object.assign(WebAssembly, {
    instantiate(/** @type {any} */ source, /** @type {any} */ imports) {
      // Pyodide instantiates small modules of its own, too.
      if (!(source.byteLength > 1_000_000)) return instantiate(source, imports);
      // Ten megabytes that it has read for nothing.
      source.buffer.transfer(0);
      return share(imports);
    },
    instantiateStreaming: (/** @type {any} */ _response, /** @type {any} */ imports) => share(imports),
  });
  return () => {
    Object.assign(WebAssembly, { instantiate, instantiateStreaming });
  };
}

/**
 * Let Python look for signals in few instructions: it does so twice in a step, and the way that Emscripten has made for it is
 * a microsecond long. It also overwrites what has just arrived, and a word that another thread reads all the time.
 *
 * @param {Uint8Array} signals
 * @param {any} imports
 */
function lookAt(signals, imports) {
  // Pyodide's own way does the same, and slower.
  if (!imports[SIGNAL_CHECK]) return;
  imports[SIGNAL_CHECK] = () => {
    const signal = signals[0];
    if (signal) signals[0] = 0;
    return signal;
  };
}

/**
 * Refuse to let the interpreter's memory grow beyond `limit` bytes. Python raises MemoryError then.
 *
 * @param {number} limit
 */
function limitMemory(limit) {
  const { prototype } = WebAssembly.Memory;
  const grow = Reflect.get(prototype, "grow");
  prototype.grow = function (pages) {
    if (this.buffer.byteLength + pages * 65_536 > limit) throw new RangeError("The memory limit has been reached.");
    return Reflect.apply(grow, this, [pages]);
  };
}
