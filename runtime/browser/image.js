/**
 * A snapshot on its way into a page's interpreter: without its zeros, which are nearly half of it.
 *
 * Packed it is `[size, n, from, length, …]`, numbers of 32 bits in the machine's order (WebAssembly's own), of which there are
 * n pairs; then the bytes of these n runs. What is in none of them is zero.
 */

const PAGE = 4096;
const WORD = Uint32Array.BYTES_PER_ELEMENT;
/** Before the interpreter's memory comes what Pyodide wants to know of it, a few kilobytes. */
const HEAD = 1 << 18;

/** @typedef {{ from: number, bytes: Uint8Array }} Run */

/**
 * @param {Uint8Array} snapshot
 * @returns {Uint8Array}
 */
export function packSnapshot(snapshot) {
  /** @type {Run[]} */
  const runs = [];
  for (let at = 0; at < snapshot.length; at += PAGE) {
    const page = snapshot.subarray(at, at + PAGE);
    if (isZero(page)) continue;
    const last = runs.at(-1);
    if (last && last.from + last.bytes.length === at) last.bytes = snapshot.subarray(last.from, at + page.length);
    else runs.push({ from: at, bytes: page });
  }
  const index = [snapshot.length, runs.length, ...runs.flatMap(({ from, bytes }) => [from, bytes.length])];
  const packed = new Uint8Array(index.length * WORD + runs.reduce((sum, { bytes }) => sum + bytes.length, 0));
  packed.set(new Uint8Array(new Uint32Array(index).buffer));
  let at = index.length * WORD;
  for (const { bytes } of runs) {
    packed.set(bytes, at);
    at += bytes.length;
  }
  return packed;
}

/** @param {Uint8Array} bytes */
function isZero(bytes) {
  for (const byte of bytes) if (byte !== 0) return false;
  return true;
}

/**
 * Start an interpreter from a packed snapshot.
 *
 * Pyodide copies the interpreter's memory out of what it is given. It is given zeros, and we do the copying.
 *
 * @template T
 * @param {ArrayBufferLike} packed
 * @param {(snapshot: Uint8Array) => Promise<T>} start calls `loadPyodide` with what looks like all of the snapshot
 */
export async function startFrom(packed, start) {
  const { size, runs } = readPacked(packed);
  const snapshot = new Uint8Array(size);
  copy(runs, 0, snapshot.subarray(0, HEAD));
  const { prototype } = Int8Array;
  const set = Reflect.get(prototype, "set");
  prototype.set = function (source, offset) {
    const ours = source instanceof Uint8Array && source.buffer === snapshot.buffer;
    if (ours) copy(runs, source.byteOffset, new Uint8Array(this.buffer, 0, source.length));
    else Reflect.apply(set, this, [source, offset]);
  };
  try {
    return await start(snapshot);
  } finally {
    Reflect.deleteProperty(prototype, "set");
  }
}

/** @param {ArrayBufferLike} packed @returns {{ size: number, runs: Run[] }} */
export function readPacked(packed) {
  const [size, count] = new Uint32Array(packed, 0, 2);
  const index = new Uint32Array(packed, 2 * WORD, 2 * count);
  const runs = [];
  let at = (2 + index.length) * WORD;
  for (let i = 0; i < index.length; i += 2) {
    const bytes = new Uint8Array(packed, at, index[i + 1]);
    runs.push({ from: index[i], bytes });
    at += bytes.length;
  }
  return { size, runs };
}

/**
 * Write into *target* what the snapshot has from *start* on: zeros too, since fresh memory has some data already.
 *
 * @param {Run[]} runs
 * @param {number} start
 * @param {Uint8Array} target
 */
export function copy(runs, start, target) {
  let done = 0;
  for (const { from, bytes } of runs) {
    const skipped = Math.max(0, start - from);
    const place = from + skipped - start;
    if (place >= target.length) break;
    const part = bytes.subarray(skipped, skipped + target.length - place);
    if (part.length === 0) continue;
    target.fill(0, done, place);
    target.set(part, place);
    done = place + part.length;
  }
  target.fill(0, done);
}
