/** What makes Emscripten's module of Pyodide, loaded with all that V8 has compiled of it before. */

import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { cachedDataVersionTag } from "node:v8";
import { constants, Script } from "node:vm";
import { crc32 } from "node:zlib";

/** Bytes behind what V8 has compiled: a checksum, for V8 itself believes whatever it is given, and dies of what is damaged. */
const CHECKSUM_BYTES = 4;

/**
 * Where it is: a script of `withLinkingPutOff`, the URL of the module that it takes the place of, and where to keep
 * what V8 has compiled, without the ending that says for which V8.
 *
 * @typedef {{ script: string, url: string, compiled: string }} Factory
 */

/**
 * @param {Factory} factory
 * @returns {{ createPyodideModule: unknown, compiled?: () => Buffer }} `compiled` gives what has been compiled of its functions by
 *   now, for `storeCompiled`. It is absent if that is stored already. As a module it would be compiled anew by each thread,
 *   function by function
 */
export function loadFactory({ script: path, url, compiled }) {
  const cachedData = readStored(placeOf(compiled));
  const script = new Script(readFileSync(path, "latin1"), {
    filename: path,
    cachedData,
    // For user code in JavaScript, which may import as it may in a module.
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  // By that loader Node would call itself experimental, on the standard error of each thread.
  const load = (/** @type {string} */ name) => import(name);
  const createPyodideModule = script.runInThisContext()(url, load, process);
  if (cachedData && !script.cachedDataRejected) return { createPyodideModule };
  return { createPyodideModule, compiled: () => script.createCachedData() };
}

/**
 * Store what a thread has compiled, for later ones. The threads themselves may write no files.
 *
 * @param {Factory} factory
 * @param {Uint8Array} data
 */
export function storeCompiled({ compiled }, data) {
  const store = placeOf(compiled);
  try {
    mkdirSync(dirname(store), { recursive: true });
    const draft = `${store}.${process.pid}`;
    writeFileSync(draft, withChecksum(data), { flush: true });
    renameSync(draft, store);
  } catch {
    // The next start takes longer, no more.
  }
}

/** Where it is for this V8. @param {string} compiled */
function placeOf(compiled) {
  return `${compiled}.${cachedDataVersionTag().toString(16)}.compiled`;
}

/** @param {Uint8Array} data */
function withChecksum(data) {
  const checksum = Buffer.alloc(CHECKSUM_BYTES);
  checksum.writeUInt32LE(crc32(data));
  return Buffer.concat([data, checksum]);
}

/** @param {string} path @returns {Buffer | undefined} undefined: it is not there, or damaged */
function readStored(path) {
  try {
    const stored = readFileSync(path);
    const data = stored.subarray(0, -CHECKSUM_BYTES);
    return stored.readUInt32LE(data.length) === crc32(data) ? data : undefined;
  } catch {
    return undefined;
  }
}
