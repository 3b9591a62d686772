/**
 * The engine's worker. The interpreter takes longest, so its worker is started before the engine is even loaded, and what it
 * starts from is fetched meanwhile.
 *
 * The page's first message is `{ open, port, parts }`; events go by the port, calls by comlink on the worker itself. Parts
 * that an engine before this one has fetched are given, and the worker's address says so: `#given`.
 */

/** @import { serve as Serve } from "./serve.js" */
/** @import { BrowserParts } from "../../../runtime/browser/parts.js" */

import { fetchParts } from "../../../runtime/browser/parts.js";

const PARTS = new URL("../../../parts/", import.meta.url);
const spare = new Worker(new URL("python.js", PARTS), { type: "module", name: "python" });

/** @type {[string, unknown][]} */
const early = [];
/** @type {(type: string, value: unknown) => void} */
let emit = (type, value) => void early.push([type, value]);
/**
 * @typedef {{ open: { kind: "opfs" | "memory", folder: string }, port: MessagePort, parts?: BrowserParts }} Opening
 * @type {PromiseWithResolvers<Opening>}
 */
const opening = Promise.withResolvers();
addEventListener("message", ({ data }) => opening.resolve(data), { once: true });

const parts = location.hash === "#given" ? takeParts() : loadParts();
parts.catch(() => {});

const { open, port } = await opening.promise;
emit = (type, value) => port.postMessage({ type, value });
for (const [type, value] of early) emit(type, value);
/** @type {{ serve: typeof Serve }} */
const { serve } = await import(new URL("engine.js", PARTS).href);
await serve(open, emit, { parts, spare });

async function takeParts() {
  const { parts: given } = await opening.promise;
  for (const part of ["module", "snapshot", "stdlib"]) emit("part", { part, loaded: 1, total: 1 });
  return /** @type {BrowserParts} */ (given);
}

async function loadParts() {
  const found = await fetchParts(PARTS, (part, loaded, total) => emit("part", { part, loaded, total }));
  emit("parts", found);
  return found;
}
