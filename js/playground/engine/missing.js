/** What the browser lacks of what the playground needs, in sentences. */

/** @import { Missing } from "../host.d.ts" */

/** @type {(Omit<Missing, "message"> & { message: string, has: () => boolean })[]} */
const NEEDS = [
  {
    what: "secure context",
    fatal: true,
    message:
      "This page was not loaded securely, so the browser gives it no storage and no locks. Open it by https:// or on localhost.",
    has: () => globalThis.isSecureContext,
  },
  {
    what: "WebAssembly",
    fatal: true,
    message: "This browser has no WebAssembly, or it is switched off. Python and SQLite cannot run here.",
    has: () => typeof WebAssembly === "object" && typeof WebAssembly.instantiate === "function",
  },
  {
    what: "module workers",
    fatal: true,
    message: "This browser cannot start modules in a worker. The engine has nowhere to run: use a newer browser.",
    has: hasModuleWorkers,
  },
  {
    what: "Web Locks",
    fatal: true,
    message: "This browser has no Web Locks, so two tabs could write the same state. Use a newer browser.",
    has: () => typeof navigator.locks?.request === "function",
  },
  {
    what: "OPFS",
    fatal: false,
    message:
      "This browser gives the page no file system of its own (OPFS). Everything is kept in memory, and a reload loses it.",
    has: () => typeof navigator.storage?.getDirectory === "function",
  },
  {
    what: "SharedArrayBuffer",
    fatal: false,
    message:
      "This page may not share memory between workers: its server sends no COOP and COEP headers. Code that spins cannot be interrupted in its step; its interpreter is replaced instead.",
    has: () => typeof SharedArrayBuffer === "function",
  },
  {
    what: "JSPI",
    fatal: false,
    message:
      "This browser cannot suspend WebAssembly (JSPI). Workflows run, but import_from_javascript and run_sync raise an error.",
    has: () => typeof WebAssembly === "object" && "Suspending" in WebAssembly,
  },
];

/** @returns {Missing[]} */
export function findMissing() {
  return NEEDS.filter(({ has }) => !has()).map(({ what, fatal, message }) => ({ what, fatal, message }));
}

/** A browser that knows modules in workers reads the option that asks for one. */
function hasModuleWorkers() {
  if (typeof Worker !== "function") return false;
  let read = false;
  const options = {
    /** @returns {"module"} */
    get type() {
      read = true;
      throw new Error("No worker is wanted.");
    },
  };
  try {
    new Worker("data:text/javascript,", options).terminate();
  } catch {
    // The option was read, or a policy forbids such a worker.
  }
  return read;
}
