/**
 * The engine's worker. The interpreter takes longest, so its worker is started before anything is even loaded here, and what
 * it starts from is fetched meanwhile.
 *
 * The page's first message is `{ open, port }`; events go by the port, calls by comlink on the worker itself.
 */

/** @import { serve as Serve } from "./serve.js" */
/** @import { fetchParts as FetchParts } from "../../../runtime/browser/parts.js" */

// Its modules are listed in one, and so fetched at once: see ../server/site.js.
const PARTS = new URL("../../../parts/", import.meta.url);
const spare = new Worker(new URL("python.js", PARTS), { type: "module", name: "python" });

/** @type {[string, unknown][]} */
const early = [];
/** @type {(type: string, value: unknown) => void} */
let emit = (type, value) => void early.push([type, value]);
const opening = Promise.withResolvers();
addEventListener("message", ({ data }) => opening.resolve(data), { once: true });

const parts = import("../../../runtime/browser/parts.js").then(
  (/** @type {{ fetchParts: typeof FetchParts }} */ { fetchParts }) =>
    fetchParts(PARTS, (part, loaded, total) => emit("part", { part, loaded, total })),
);
parts.catch(() => {});

const { open, port } = /** @type {{ open: { kind: "opfs" | "memory", folder: string }, port: MessagePort }} */ (
  await opening.promise
);
emit = (type, value) => port.postMessage({ type, value });
for (const [type, value] of early) emit(type, value);
/** @type {{ serve: typeof Serve }} */
const { serve } = await import(new URL("engine.js", PARTS).href);
await serve(open, emit, { parts, spare });
