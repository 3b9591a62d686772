/** A page's worker that an isolate lives in. */

/** @import { Thread, ThreadEvents } from "../isolate.js" */

/**
 * @param {URL} program
 * @param {ThreadEvents} events
 * @returns {Thread}
 */
export function startWorker(program, { onmessage, ondeath }) {
  const worker = new Worker(program, { type: "module", name: "python" });
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
    takeLeft: () => [],
    async end() {
      ended.abort();
      worker.terminate();
    },
  };
}
