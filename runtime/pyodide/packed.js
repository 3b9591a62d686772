/**
 * A snapshot as it is kept and as it travels: without its zeros, which are nearly half of it.
 *
 * Packed it is `[size, n, from, length, …]`, numbers of 32 bits in the machine's order (WebAssembly's own), of which there are
 * n pairs; then the bytes of these n runs. What is in none of them is zero.
 */

const PAGE_BYTES = 4096;
const WORD_BYTES = Uint32Array.BYTES_PER_ELEMENT;
/** Before the interpreter's memory comes what Pyodide wants to know of it, a few kilobytes. */
const HEAD_BYTES = 1 << 18;

/**
 * Bytes that a snapshot has from `from` on, and that the packed one has from `at` on.
 *
 * @typedef {{ from: number, length: number, at: number }} ByteRun
 *
 * @typedef {object} Packed
 * @property {number} size of the snapshot
 * @property {ByteRun[]} runs
 * @property {(target: Uint8Array, at: number) => void} read fills its first argument with the packed bytes from the second on
 */

/**
 * @param {Uint8Array} snapshot
 * @returns {Uint8Array}
 */
export function packSnapshot(snapshot) {
  /** @type {{ from: number, bytes: Uint8Array }[]} */
  const runs = [];
  for (let at = 0; at < snapshot.length; at += PAGE_BYTES) {
    const page = snapshot.subarray(at, at + PAGE_BYTES);
    if (isZero(page)) continue;
    const last = runs.at(-1);
    if (last && last.from + last.bytes.length === at) last.bytes = snapshot.subarray(last.from, at + page.length);
    else runs.push({ from: at, bytes: page });
  }
  const index = [snapshot.length, runs.length, ...runs.flatMap(({ from, bytes }) => [from, bytes.length])];
  const packed = new Uint8Array(index.length * WORD_BYTES + runs.reduce((sum, { bytes }) => sum + bytes.length, 0));
  packed.set(new Uint8Array(new Uint32Array(index).buffer));
  let at = index.length * WORD_BYTES;
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

/** @param {Packed["read"]} read @returns {Packed} */
export function openPacked(read) {
  const words = (/** @type {number} */ first, /** @type {number} */ count) => {
    const found = new Uint32Array(count);
    read(new Uint8Array(found.buffer), first * WORD_BYTES);
    return found;
  };
  const [size, count] = words(0, 2);
  const index = words(2, 2 * count);
  const runs = [];
  let at = (2 + index.length) * WORD_BYTES;
  for (let i = 0; i < index.length; i += 2) {
    runs.push({ from: index[i], length: index[i + 1], at });
    at += index[i + 1];
  }
  return { size, runs, read };
}

/** One that is in memory. @param {ArrayBufferLike} buffer */
export function openBuffer(buffer) {
  return openPacked((target, at) => target.set(new Uint8Array(buffer, at, target.length)));
}

/**
 * Start an interpreter from a packed snapshot.
 *
 * Pyodide copies the interpreter's memory out of what it is given. It is given zeros, which take no memory as long as nobody
 * writes them, and we do the copying.
 *
 * @template T
 * @param {Packed} packed
 * @param {(snapshot: Uint8Array) => Promise<T>} start calls `loadPyodide` with what looks like all of the snapshot
 * @param {(part: Uint8Array) => void} [clear] makes zeros
 */
export async function startFrom(packed, start, clear) {
  const snapshot = new Uint8Array(packed.size);
  copy(packed, 0, snapshot.subarray(0, HEAD_BYTES), () => {});
  const { prototype } = Int8Array;
  const set = Reflect.get(prototype, "set");
  prototype.set = function (source, offset) {
    const ours = source instanceof Uint8Array && source.buffer === snapshot.buffer;
    if (ours) copy(packed, source.byteOffset, new Uint8Array(this.buffer, 0, source.length), clear);
    else Reflect.apply(set, this, [source, offset]);
  };
  try {
    return await start(snapshot);
  } finally {
    Reflect.deleteProperty(prototype, "set");
  }
}

/**
 * Write into *target* what the snapshot has from *start* on: zeros too, since fresh memory has some data already.
 *
 * @param {Packed} packed
 * @param {number} start
 * @param {Uint8Array} target
 * @param {(part: Uint8Array) => void} [clear]
 */
export function copy({ runs, read }, start, target, clear = (part) => part.fill(0)) {
  let done = 0;
  for (const { from, length, at } of runs) {
    const skipped = Math.max(0, start - from);
    const place = from + skipped - start;
    if (place >= target.length) break;
    const count = Math.min(length - skipped, target.length - place);
    if (count <= 0) continue;
    clear(target.subarray(done, place));
    read(target.subarray(place, place + count), at + skipped);
    done = place + count;
  }
  clear(target.subarray(done));
}
