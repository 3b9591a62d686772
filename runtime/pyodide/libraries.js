/**
 * Native libraries of packages in an interpreter that starts from a snapshot.
 *
 * A snapshot has the memory of a library, and nothing else of it: its code, its entries in the table of functions and the
 * linker's notes are JavaScript's. They are made again by loading the library once more, to the same addresses; what that
 * does to the memory is undone.
 */

/**
 * @typedef {object} Library
 * @property {string} name its path
 * @property {boolean} global
 * @property {number} handle address of the linker's own record of it
 * @property {number} memoryBase where its data is
 * @property {number} tableBase index of its first function
 */

/** The record that `handle` points to: offsets of what is where, in bytes. */
const MEMORY_BASE = 12;
const TABLE_BASE = 20;

/**
 * The libraries that an interpreter has loaded, in the order in which it did.
 *
 * @param {any} module Emscripten's
 * @returns {Library[]}
 */
export function librariesOf({ LDSO, HEAPU32 }) {
  return Object.entries(LDSO.loadedLibsByHandle)
    .filter(([handle]) => handle !== "0")
    .map(([handle, { name, global }]) => ({
      name,
      global,
      handle: Number(handle),
      memoryBase: HEAPU32[(Number(handle) + MEMORY_BASE) / 4],
      tableBase: HEAPU32[(Number(handle) + TABLE_BASE) / 4],
    }))
    .toSorted((a, b) => a.tableBase - b.tableBase);
}

/**
 * @param {any} module Emscripten's, of an interpreter that has been started from a snapshot
 * @param {Library[]} libraries those of the interpreter that the snapshot was made of
 * @throws they cannot be placed as they were
 */
export function restoreLibraries(module, libraries) {
  if (libraries.length === 0) return;
  const memory = module.HEAPU8.slice();
  for (const { name, global, handle, memoryBase, tableBase } of libraries) {
    const missing = tableBase - module.wasmTable.length;
    if (missing < 0) throw new Error(`The place of ${name} in the table of functions is taken.`);
    module.wasmTable.grow(missing);
    placedAt(memoryBase, () =>
      module.loadDynamicLibrary(name, { global, nodelete: true }, global ? undefined : {}, handle),
    );
  }
  putBack(memory, module.HEAPU8);
}

/** Pages that are the same already are not written: many have never been, and take no memory. */
const PAGE_BYTES = 1 << 14;

/** @param {Uint8Array} memory as it was @param {Uint8Array} now */
function putBack(memory, now) {
  for (let at = 0; at < memory.length; at += PAGE_BYTES) {
    const old = memory.subarray(at, at + PAGE_BYTES);
    const page = now.subarray(at, at + old.length);
    if (Buffer.compare(old, page) !== 0) page.set(old);
  }
}

/**
 * The linker allocates memory for what it loads; here the library is told another address.
 *
 * @param {number} memoryBase
 * @param {() => void} load
 */
function placedAt(memoryBase, load) {
  const { Instance } = WebAssembly;
  /** @param {WebAssembly.Module} module @param {any} imports */
  const placed = function (module, imports) {
    const shift = memoryBase - imports.env.__memory_base;
    const env = new Proxy(imports.env, {
      get: (target, name) => (name === "__memory_base" ? memoryBase : target[name]),
    });
    const { exports } = new Instance(module, { ...imports, env });
    return { exports: Object.fromEntries(Object.entries(exports).map(([name, it]) => [name, shifted(it, shift)])) };
  };
  Object.assign(WebAssembly, { Instance: placed });
  try {
    load();
  } finally {
    Object.assign(WebAssembly, { Instance });
  }
}

/** Addresses of data are exported relative to the base that the linker believes in. @param {any} exported @param {number} by */
function shifted(exported, by) {
  const isAddress = exported instanceof WebAssembly.Global && typeof exported.value === "number";
  return isAddress ? new WebAssembly.Global({ value: "i32" }, exported.value + by) : exported;
}
