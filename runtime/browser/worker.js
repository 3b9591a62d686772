/** An isolate's thread in a page: a worker with one interpreter. */

/** @import { BrowserParts } from "./parts.js" */

// @ts-ignore -- the types of the package stand under its name
import { loadPyodide } from "../../node_modules/pyodide/pyodide.mjs";
import { startInterpreter } from "../pyodide/interpreter.js";
import { InterpreterThread } from "../pyodide/thread.js";
import { guestGlobals } from "../pyodide/globals.js";
import { openBuffer, startFrom } from "../pyodide/packed.js";
import { PACKAGES } from "./parts.js";
import { soon } from "./soon.js";

// Pyodide loads it when it is told to start, and finds it loaded then.
// @ts-ignore -- it has no types
void import("../../node_modules/pyodide/pyodide.asm.mjs");

const { postMessage } = globalThis;
const idle = sharedWord();

const thread = new InterpreterThread({
  port: { postMessage: (message, transfer = []) => postMessage(message, { transfer }) },
  start,
  mount: writeFolder,
  soon,
  block,
  // Nor what can wake them: see `GRACE_S` in `quiescence.py`.
  others: () => 1,
  // Workers are not told what they have used. Time that passes is the nearest to it.
  processorTime: () => performance.now(),
  async collector() {
    throw new Error("A page's worker cannot be made to collect garbage.");
  },
});

addEventListener("message", ({ data }) => thread.receive(data));
addEventListener("error", (event) => {
  event.preventDefault();
  thread.complain(event.error ?? event.message);
});
addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  thread.complain(event.reason);
});

/**
 * @param {BrowserParts & { memoryLimit: number, signals: Uint8Array }} boot
 * @param {Record<string, unknown>} own
 */
async function start({ files, module, snapshot, stdlib, lock, packages, memoryLimit, signals }, own) {
  const release = answerFetches({ "pyodide.asm.wasm": null, "python_stdlib.zip": stdlib });
  try {
    const options = { loadPyodide, files, module, globals: guestGlobals(own), memoryLimit, signals };
    const begin = (/** @type {{ snapshot?: Uint8Array }} */ from) =>
      startInterpreter({ ...options, ...from, options: { lockFileContents: lock } });
    const pyodide = await (snapshot
      ? startFrom(openBuffer(snapshot), (bytes) => begin({ snapshot: bytes }))
      : begin({}));
    if (packages) pyodide.unpackArchive(packages, "zip", { extractDir: PACKAGES });
    return pyodide;
  } finally {
    release();
  }
}

/**
 * While Pyodide loads itself, give it what we have already.
 *
 * @param {Record<string, ArrayBuffer | null>} files by their names; null: asked for, but not needed
 */
function answerFetches(files) {
  const { fetch } = globalThis;
  globalThis.fetch = async (request, options) => {
    const url = request instanceof Request ? request.url : String(request);
    const name = url.slice(url.lastIndexOf("/") + 1);
    return name in files ? new Response(files[name]) : fetch(request, options);
  };
  return () => {
    globalThis.fetch = fetch;
  };
}

/**
 * Write the deployment's files where they are said to be.
 *
 * @param {any} pyodide
 * @param {{ root: string, files?: Record<string, string> }} deployment
 */
function writeFolder({ FS }, { root, files = {} }) {
  FS.mkdirTree(root);
  for (const [path, text] of Object.entries(files)) {
    const place = `${root}/${path}`;
    FS.mkdirTree(place.slice(0, place.lastIndexOf("/")));
    FS.writeFile(place, text);
  }
}

/** @param {number} ms */
function block(ms) {
  if (idle) {
    Atomics.wait(idle, 0, 0, ms);
    return;
  }
  for (const end = performance.now() + ms; performance.now() < end;);
}

/** A word to wait on, where the page may share memory. */
function sharedWord() {
  return globalThis.SharedArrayBuffer ? new Int32Array(new SharedArrayBuffer(4)) : undefined;
}
