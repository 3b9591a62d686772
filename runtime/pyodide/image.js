/** A snapshot's bytes on their way into an interpreter: large, and needed for a moment. */

import { closeSync, fstatSync, openSync, readSync } from "node:fs";

/** Where a snapshot is, or itself where none could be stored. @typedef {string | SharedArrayBuffer} Snapshot */

/** Before the interpreter's memory comes what Pyodide wants to know of it, a few kilobytes. */
const HEAD = 1 << 18;
const PART = 1 << 20;
const PAGE = 1 << 14;

/**
 * Start an interpreter from a snapshot.
 *
 * Nearly half of it are zeros, as are in fresh memory. What is the same already is not written, and takes no memory then; what
 * is not goes there in small parts, and takes none in between.
 *
 * @template T
 * @param {Snapshot} snapshot
 * @param {(bytes: Uint8Array) => Promise<T>} start calls `loadPyodide` with what looks like all of the snapshot
 */
export async function startFrom(snapshot, start) {
  const { bytes, readAt, close } = typeof snapshot === "string" ? fromFile(snapshot) : fromMemory(snapshot);
  const { prototype } = Int8Array;
  const set = Reflect.get(prototype, "set");
  prototype.set = function (source, offset) {
    const ours = source instanceof Uint8Array && source.buffer === bytes.buffer;
    if (ours) copyDifferent(source.byteOffset, new Uint8Array(this.buffer, 0, source.length), readAt);
    else Reflect.apply(set, this, [source, offset]);
  };
  try {
    return await start(bytes);
  } finally {
    Reflect.deleteProperty(prototype, "set");
    close();
  }
}

/**
 * @param {number} from where the interpreter's memory begins in the snapshot
 * @param {Uint8Array} memory
 * @param {(part: Uint8Array, at: number) => void} readAt
 */
function copyDifferent(from, memory, readAt) {
  const part = new Uint8Array(PART);
  for (let at = 0; at < memory.length; at += PART) {
    const target = memory.subarray(at, at + PART);
    readAt(part.subarray(0, target.length), from + at);
    for (let page = 0; page < target.length; page += PAGE) {
      const old = target.subarray(page, page + PAGE);
      const now = part.subarray(page, page + old.length);
      if (Buffer.compare(old, now) !== 0) old.set(now);
    }
  }
}

/** @param {string} path */
function fromFile(path) {
  const file = openSync(path, "r");
  /** @param {Uint8Array} part @param {number} at */
  const readAt = (part, at) => {
    for (let done = 0; done < part.length;) done += readSync(file, part, done, part.length - done, at + done) || PART;
  };
  // All zeros but for its head: memory that nobody has written takes none.
  const bytes = new Uint8Array(fstatSync(file).size);
  readAt(bytes.subarray(0, HEAD), 0);
  return { bytes, readAt, close: () => closeSync(file) };
}

/** @param {SharedArrayBuffer} buffer */
function fromMemory(buffer) {
  const bytes = new Uint8Array(buffer);
  /** @param {Uint8Array} part @param {number} at */
  const readAt = (part, at) => part.set(bytes.subarray(at, at + part.length));
  return { bytes, readAt, close: () => {} };
}
