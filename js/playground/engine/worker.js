/**
 * The engine's worker. The interpreter takes longest, so it is started before anything else is even loaded.
 *
 * The page's first message is `{ open, port }`; events go by the port, calls by comlink on the worker itself.
 */

import { fetchParts } from "../../../runtime/browser/parts.js";
import { BrowserGuest } from "../../../runtime/browser/pool.js";

/** @type {(type: string, value: unknown) => void} */
let emit = () => {};
/** @type {[string, unknown][]} */
const early = [];
emit = (type, value) => void early.push([type, value]);

const python = BrowserGuest.prewarm(
  fetchParts(new URL("../../../parts/parts.json", import.meta.url), (part, loaded, total) =>
    emit("part", { part, loaded, total }),
  ),
);
const opening = Promise.withResolvers();
addEventListener("message", ({ data }) => opening.resolve(data), { once: true });

const { serve } = await import("./serve.js");
const { open, port } = /** @type {{ open: { kind: "opfs" | "memory", folder: string }, port: MessagePort }} */ (
  await opening.promise
);
emit = (type, value) => port.postMessage({ type, value });
for (const [type, value] of early) emit(type, value);
python.then(
  () => emit("python", "ready"),
  (error) => emit("python", `failed: ${error.message}`),
);
await serve(open, emit);
