/** Whether guests have something to do, as the system tells. On a busy machine one that is silent may only wait for its turn. */

import { readdirSync, readFileSync } from "node:fs";

/** Running, or waiting for the disk. */
const BUSY_STATES = new Set(["R", "D"]);

/** Whether another thread of this process, or one of its children, runs or could run. False where the system does not tell. */
export function isBusy() {
  return hasBusyThread(process.pid, process.pid);
}

/** @param {number | string} pid @param {number} [own] a thread that does not count @returns {boolean} */
function hasBusyThread(pid, own) {
  try {
    return readdirSync(`/proc/${pid}/task`).some((thread) => {
      const folder = `/proc/${pid}/task/${thread}`;
      const stat = readFileSync(`${folder}/stat`, "utf8");
      // The name before it may have any character.
      const state = stat.charAt(stat.lastIndexOf(")") + 2);
      if (Number(thread) !== own && BUSY_STATES.has(state)) return true;
      const children = readFileSync(`${folder}/children`, "utf8").split(" ").filter(Boolean);
      return children.some((child) => hasBusyThread(child));
    });
  } catch {
    // It has ended meanwhile, or this is no Linux.
    return false;
  }
}
