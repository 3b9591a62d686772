/** What every interpreter of a page starts from: fetched and compiled once, and shared. */

/** @import { GuestFile } from "../pyodide/interpreter.js" */

/** Bytes after which progress is told again. */
const PROGRESS_INTERVAL_BYTES = 1 << 20;

/**
 * @typedef {object} BrowserParts
 * @property {GuestFile[]} files
 * @property {WebAssembly.Module} module
 * @property {ArrayBufferLike} [snapshot] packed, see `pyodide/packed.js`; absent where it does not fit this browser
 * @property {ArrayBuffer} stdlib
 * @property {ArrayBuffer} [packages] a zip of what workflows can import besides
 * @property {string} lock
 */

/** Where interpreters have the packages. */
export const PACKAGES = "/python_modules";
const PYODIDE = new URL("../../node_modules/pyodide/", import.meta.url);

/**
 * @param {URL} folder where the site has made what is not in the tree
 * @param {(part: string, loaded: number, total: number) => void} onprogress
 * @returns {Promise<BrowserParts>}
 */
export async function fetchParts(folder, onprogress) {
  /** Bytes of each part, which servers that compress do not tell. @type {Promise<Record<string, number>>} */
  const sizes = fetchOk(new URL("sizes.json", folder)).then((response) => response.json());
  const get = async (/** @type {string} */ name, /** @type {URL} */ url) => {
    const [response, all] = await Promise.all([fetchOk(url), sizes]);
    return { response, size: all[name], tell: (/** @type {number} */ loaded) => onprogress(name, loaded, all[name]) };
  };
  const [module, snapshot, stdlib, files, lock, packages] = await Promise.all([
    get("module", new URL("pyodide.asm.wasm", PYODIDE)).then(compile),
    get("snapshot", new URL("python.snapshot", folder)).then(readShared),
    get("stdlib", new URL("python_stdlib.zip", PYODIDE)).then(read),
    fetchOk(new URL("guest.json", folder)).then((response) => response.json()),
    fetchOk(new URL("pyodide-lock.json", PYODIDE)).then((response) => response.text()),
    sizes.then((all) => ("packages" in all ? get("packages", new URL("packages.zip", folder)).then(read) : undefined)),
  ]);
  return { module, snapshot, stdlib, files, lock, ...(packages ? { packages } : {}) };
}

/** @param {URL} url */
async function fetchOk(url) {
  const response = await fetch(url, { credentials: "same-origin" });
  if (!response.ok) throw new Error(`${url.pathname} cannot be loaded: the server says ${response.status}.`);
  return response;
}

/** @typedef {{ response: Response, size: number, tell: (loaded: number) => void }} Part */

/** @param {Part} part */
async function compile({ response, tell, size }) {
  if (!response.headers.get("content-type")?.startsWith("application/wasm")) {
    const module = await WebAssembly.compile(await response.arrayBuffer());
    tell(size);
    return module;
  }
  // The response itself is what the browser keeps compiled code for, so its bytes are not counted on the way.
  const module = await WebAssembly.compileStreaming(response);
  tell(size);
  return module;
}

/** @param {Part} part */
async function read({ response, size, tell }) {
  const bytes = await response.arrayBuffer();
  tell(size);
  return bytes;
}

/**
 * Into memory that all workers can share, where the page may have that.
 *
 * @param {Part} part
 */
async function readShared({ response, size, tell }) {
  const buffer = new (globalThis.SharedArrayBuffer ?? ArrayBuffer)(size);
  const bytes = new Uint8Array(buffer);
  let at = 0;
  let told = 0;
  const reader = /** @type {ReadableStream<Uint8Array>} */ (response.body).getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    if (at + next.value.length > size) throw new Error("The snapshot is longer than the site says.");
    bytes.set(next.value, at);
    at += next.value.length;
    if (at - told < PROGRESS_INTERVAL_BYTES) continue;
    told = at;
    tell(at);
  }
  tell(at);
  if (at !== size) throw new Error("The snapshot is shorter than the site says.");
  return buffer;
}
