/**
 * Frames: how messages stand one after another on the socket to a guest process.
 *
 * A frame is one byte for its kind (`B` a batch, `M` any other message, as JSON), four for the length of the rest, little
 * endian, and the text in UTF-8. The twin of this file is `frames.py`.
 */

/** What a guest may send at once. Guests send less (`frames.py`); the rest is for one value as large as values can be. */
export const MAX_FRAME_BYTES = 64 << 20;

const HEAD_BYTES = 5;
const BATCH = 0x42;
const MESSAGE = 0x4d;

/** What came is no frame. */
export class FrameError extends Error {}

/**
 * @param {string | object} message
 * @returns {Buffer}
 */
export function toFrame(message) {
  const isBatch = typeof message === "string";
  const text = isBatch ? message : JSON.stringify(message);
  const length = Buffer.byteLength(text);
  const frame = Buffer.allocUnsafe(HEAD_BYTES + length);
  frame[0] = isBatch ? BATCH : MESSAGE;
  frame.writeUInt32LE(length, 1);
  frame.write(text, HEAD_BYTES);
  return frame;
}

/** Puts the pieces that a socket gives together again. */
export class FrameReader {
  /** @type {Buffer[]} */
  #pieces = [];
  #size = 0;
  #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

  /**
   * @param {Buffer} piece
   * @returns {Generator<string | object>} the messages that are complete now
   * @throws {FrameError}
   */
  *read(piece) {
    this.#pieces.push(piece);
    this.#size += piece.length;
    while (this.#size >= HEAD_BYTES) {
      const head = this.#peek(HEAD_BYTES);
      const kind = head[0];
      const length = head.readUInt32LE(1);
      if (kind !== BATCH && kind !== MESSAGE) throw new FrameError(`a frame of the unknown kind ${kind}`);
      if (length > MAX_FRAME_BYTES) throw new FrameError(`a frame of ${length} bytes; ${MAX_FRAME_BYTES} are allowed`);
      if (this.#size < HEAD_BYTES + length) return;
      const text = this.#decode(this.#take(HEAD_BYTES + length).subarray(HEAD_BYTES));
      yield kind === BATCH ? text : parse(text);
    }
  }

  /** Whether the other side has ended in the middle of a frame. */
  get isCut() {
    return this.#size > 0;
  }

  /** @param {number} count */
  #peek(count) {
    if (this.#pieces[0].length < count) this.#pieces = [Buffer.concat(this.#pieces)];
    return this.#pieces[0];
  }

  /** @param {number} count */
  #take(count) {
    if (this.#pieces[0].length < count) this.#pieces = [Buffer.concat(this.#pieces)];
    const [first] = this.#pieces;
    this.#size -= count;
    if (first.length === count) this.#pieces.shift();
    else this.#pieces[0] = first.subarray(count);
    return first.subarray(0, count);
  }

  /** @param {Buffer} bytes */
  #decode(bytes) {
    try {
      return this.#decoder.decode(bytes);
    } catch {
      throw new FrameError("a frame that is not UTF-8");
    }
  }
}

/** @param {string} text @returns {object} */
function parse(text) {
  try {
    const message = JSON.parse(text);
    if (typeof message?.type === "string") return message;
  } catch {
    // Said below.
  }
  throw new FrameError(`what is no message: ${text.slice(0, 80)}`);
}
