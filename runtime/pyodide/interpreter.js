/** One Pyodide interpreter in this thread: restored from a snapshot, or started afresh to make one. */

/** @import { GuestFile } from "./files.js" */

import { loadPyodide } from "pyodide";

const ENV = { HOME: "/session", PYTHONHASHSEED: "111" };

/**
 * @typedef {object} InterpreterOptions
 * @property {GuestFile[]} files
 * @property {Uint8Array} [snapshot]
 * @property {WebAssembly.Module} [module] Pyodide's, compiled
 * @property {object} globals what `import js` gives
 * @property {number} [memoryLimit] in bytes
 *
 * @param {InterpreterOptions} options
 */
export async function startInterpreter({ files, snapshot, module, globals, memoryLimit = Infinity }) {
  const release = module ? shareModule(module) : () => {};
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
      fsInit: async (FS, { sitePackages }) => writeFiles(FS, sitePackages, files),
      ...(snapshot ? { _loadSnapshot: snapshot } : { _makeSnapshot: true }),
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
function writeFiles(FS, folder, files) {
  for (const { path, text } of files) {
    FS.mkdirTree(`${folder}/${path.slice(0, path.lastIndexOf("/"))}`);
    FS.writeFile(`${folder}/${path}`, text);
  }
}

/**
 * Let the next instantiation of Pyodide's WebAssembly use `module`: Pyodide itself compiles anew in each thread.
 *
 * @param {WebAssembly.Module} module
 */
function shareModule(module) {
  const original = WebAssembly.instantiate;
  /** @param {any} source @param {any} imports */
  const patched = async (source, imports) => {
    // Pyodide instantiates small modules of its own, too.
    if (!(source.byteLength > 1_000_000)) return original(source, imports);
    return { module, instance: await original(module, imports) };
  };
  WebAssembly.instantiate = /** @type {any} */ (patched);
  return () => {
    WebAssembly.instantiate = original;
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
