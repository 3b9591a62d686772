/** A page's worker that an isolate lives in. */

/** @import { InterpreterEvents, InterpreterHandle } from "../pool/isolate.js" */

/** The interpreter's program, with all its modules listed in one. */
const PROGRAM = new URL("../../parts/python.js", import.meta.url);

/** One that was started before there was anybody to use it. @type {Worker | undefined} */
let spare;

/** @param {Worker} worker runs the interpreter's program, and has been told nothing */
export function keepSpare(worker) {
  spare = worker;
}

/**
 * @param {InterpreterEvents} events
 * @returns {InterpreterHandle}
 */
export function startWorker({ onmessage, ondeath }) {
  const worker = spare ?? new Worker(PROGRAM, { type: "module", name: "python" });
  spare = undefined;
  const ended = new AbortController();
  const { signal } = ended;
  worker.addEventListener("message", ({ data }) => onmessage(data), { signal });
  worker.addEventListener("messageerror", () => ondeath("A message of the interpreter could not be read."), { signal });
  worker.addEventListener(
    "error",
    (event) => {
      event.preventDefault();
      ondeath(event.message || "The interpreter's worker could not be started.");
    },
    { signal },
  );
  return {
    post: (message) => worker.postMessage(message),
    // What a worker had sent is lost with it: an attempt whose end we have not seen has not ended.
    takeUnreadMessages: () => [],
    async end() {
      ended.abort();
      worker.terminate();
    },
  };
}
