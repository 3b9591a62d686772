/**
 * Ends this process when the one that has started it is gone, whatever it does at the moment.
 *
 * A file may have been made to be read for ever. The parent kills such a process at a time limit, unless the parent has been
 * killed before.
 */

import { Worker } from "node:worker_threads";

/** In a thread, because the main thread may never come to it. */
const WATCH = `
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) process.kill(process.pid, "SIGKILL");
  }, 500);
`;

export function endWithParent() {
  new Worker(WATCH, { eval: true, env: {} }).unref();
}
