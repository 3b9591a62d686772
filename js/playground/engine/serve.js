/** Opens the state and lets the page call. Loaded while the interpreter starts. */

/** @import { BrowserParts } from "../../../runtime/browser/parts.js" */

// @ts-ignore -- its types stand beside another file
import { expose } from "../../../node_modules/comlink/dist/esm/comlink.mjs";
import { BrowserGuest } from "../../../runtime/browser/pool.js";
import { toFault } from "./errors.js";
import { Playground } from "./playground.js";
import { openStorage, room } from "./storage.js";

/**
 * @param {{ kind: "opfs" | "memory", folder: string }} where
 * @param {(type: string, value: unknown) => void} emit
 * @param {{ parts: Promise<BrowserParts>, spare: Worker }} python what interpreters start from, and a worker for the first
 */
export async function serve(where, emit, { parts, spare }) {
  BrowserGuest.prewarm(parts, spare).then(
    () => emit("python", "ready"),
    (error) => emit("python", `failed: ${error.message}`),
  );
  try {
    emit("part", { part: "engine", loaded: 1, total: 1 });
    const { files, storage, sqlite } = await openStorage(where);
    emit("part", { part: "state", loaded: 1, total: 1 });
    const playground = new Playground(files, emit, sqlite);
    expose({
      /** Call a method by its name. Errors come back as data: a port would keep little of them. */
      async call(/** @type {string} */ name, /** @type {unknown[]} */ args) {
        try {
          const method = /** @type {any} */ (playground)[name];
          return { result: await method.apply(playground, args) };
        } catch (error) {
          return { fault: toFault(error) };
        }
      },
      storage: async () => ({ ...storage, ...(storage.kind === "opfs" ? await room() : {}) }),
    });
    emit("open", { storage, sqlite });
  } catch (error) {
    emit("stopped", toFault(error));
  }
}
