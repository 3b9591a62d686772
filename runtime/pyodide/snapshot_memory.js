/** A snapshot's way from its file into an interpreter's memory. */

import { closeSync, openSync, readSync } from "node:fs";
import { openBuffer, openPacked, startFrom as startFromPacked } from "./packed.js";

/** Where a packed snapshot is, or itself where none could be stored. @typedef {string | SharedArrayBuffer} Snapshot */

const ZEROS = new Uint8Array(1 << 14);

/**
 * Start an interpreter from a snapshot. What is in the file goes straight to its place.
 *
 * @template T
 * @param {Snapshot} snapshot
 * @param {(bytes: Uint8Array) => Promise<T>} start calls `loadPyodide` with what looks like all of the snapshot
 */
export async function startFrom(snapshot, start) {
  if (typeof snapshot !== "string") return startFromPacked(openBuffer(snapshot), start, clear);
  const file = openSync(snapshot, "r");
  try {
    return await startFromPacked(openFile(file), start, clear);
  } finally {
    closeSync(file);
  }
}

/** @param {number} file */
function openFile(file) {
  return openPacked((target, at) => {
    for (let done = 0; done < target.length;) {
      const read = readSync(file, target, done, target.length - done, at + done);
      if (read === 0) throw new Error("The snapshot ends too early.");
      done += read;
    }
  });
}

/** Pages that are zero already are not written: they take no memory then. @param {Uint8Array} part */
function clear(part) {
  for (let at = 0; at < part.length; at += ZEROS.length) {
    const page = part.subarray(at, at + ZEROS.length);
    if (Buffer.compare(page, ZEROS.subarray(0, page.length)) !== 0) page.fill(0);
  }
}
