/** When a process began: with its number, which the system gives again, this names one process only. */

import { readFileSync } from "node:fs";

/**
 * @param {number} pid
 * @returns {string | undefined} in the system's own unit; undefined: there is no such process, or the system does not tell
 */
export function beginOf(pid) {
  try {
    // The name of a process may have spaces and brackets in it; the fields after it have none.
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ");
    return fields[19];
  } catch {
    return undefined;
  }
}
