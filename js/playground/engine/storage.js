/** Where a page's databases are: on OPFS, or in memory where that is missing or asked for. */

/** @import { Storage } from "../host.d.ts" */

import { loadSqlite, WasmFiles } from "../../store/wasm_driver.js";

/** How long the worker that had the files before may take to let go of them, in ms. */
const PATIENCE = 10_000;
const PAUSE = 50;

/**
 * @param {{ kind: "opfs" | "memory", folder: string }} wanted
 * @returns {Promise<{ files: WasmFiles, sqlite: string, storage: Storage }>}
 */
export async function openStorage({ kind, folder }) {
  const sqlite = await loadSqlite();
  const { libVersion } = sqlite.version;
  if (kind === "memory") {
    const why = "The state was asked to be kept in memory. A reload loses it.";
    return { files: WasmFiles.inMemory(sqlite), sqlite: libVersion, storage: { kind, why, persisted: false } };
  }
  try {
    const files = await takeFolder(sqlite, folder);
    return { files, sqlite: libVersion, storage: { kind, ...(await room()) } };
  } catch (error) {
    const { message } = /** @type {Error} */ (error);
    if (isHeld(error)) throw error;
    const why = `The browser's own file system cannot be used (${message}). Everything is kept in memory, and a reload loses it.`;
    return {
      files: WasmFiles.inMemory(sqlite),
      sqlite: libVersion,
      storage: { kind: "memory", why, persisted: false },
    };
  }
}

/**
 * The worker before us may be ending still.
 *
 * @param {Awaited<ReturnType<typeof loadSqlite>>} sqlite
 * @param {string} folder
 */
async function takeFolder(sqlite, folder) {
  for (const end = performance.now() + PATIENCE; ;) {
    try {
      return await WasmFiles.onOpfs(sqlite, folder);
    } catch (error) {
      if (!isHeld(error) || performance.now() > end) throw error;
      await new Promise((resolve) => void setTimeout(resolve, PAUSE));
    }
  }
}

/** @param {unknown} error */
function isHeld(error) {
  return /** @type {any} */ (error)?.name === "NoModificationAllowedError";
}

/** What the browser says of the space in this origin. */
export async function room() {
  const persisted = (await navigator.storage.persisted?.()) ?? false;
  const { usage, quota } = (await navigator.storage.estimate?.()) ?? {};
  return { persisted, ...(usage === undefined ? {} : { usage }), ...(quota === undefined ? {} : { quota }) };
}
