/**
 * Byte streams: a step's output that is kept in chunks, and read again as often as one likes.
 *
 * The log has a description of the stream in place of a value; the chunks go to the engine one by one while the attempt
 * runs, and come back one by one. Neither side ever holds more than one of them, and one piece that the stream gave.
 * The twin of this file is `streams.py`.
 */

/** @import { StreamLimits } from "./protocol.d.ts" */

import { aKind, InvalidStepReadableStreamError, kindOf } from "./refusal.js";
import { decode, encode } from "./values.js";

const PREVIEW_CHARACTERS = 1024;
/** UTF-8 of the preview has at most this size. */
const PREVIEW_BYTES = 4 * PREVIEW_CHARACTERS;
/** Canonical text of a description begins with it. */
const TAG = '{"$":"stream"';

/**
 * What the log has in place of the stream's value.
 *
 * @typedef {{ name: string, count: number, chunks: number, bytes: number, preview: string }} Description
 */

/** @param {unknown} value @returns {value is ReadableStream} */
export function isStream(value) {
  return kindOf(value) === "ReadableStream";
}

/**
 * Hand everything that `stream` gives to the engine, for the attempt that runs.
 *
 * @param {ReadableStream} stream
 * @param {{ name: string, count: number }} step
 * @param {() => Promise<StreamLimits>} readLimits
 * @param {(index: number, chunk: string) => Promise<unknown>} write takes a chunk as canonical text; settled when it is kept
 * @returns {Promise<string>} canonical text of the description
 * @throws {InvalidStepReadableStreamError} It gives something other than bytes, or too much.
 */
export async function keep(stream, { name, count }, readLimits, write) {
  if (stream.locked) throw invalid(name, "It is locked: another reader reads it already.");
  const { chunkBytes, maxPieceBytes, maxStreamBytes, streamTooLarge } = await readLimits();
  let pending = new Uint8Array(0);
  let start = new Uint8Array(0);
  let chunks = 0;
  let bytes = 0;
  // Leaving the loop early cancels the stream.
  for await (const given of /** @type {AsyncIterable<unknown>} */ (/** @type {unknown} */ (stream))) {
    const piece = toBytes(given, name, maxPieceBytes);
    bytes += piece.length;
    if (bytes > maxStreamBytes) throw new InvalidStepReadableStreamError(streamTooLarge);
    if (start.length < PREVIEW_BYTES) start = join(start, piece.subarray(0, PREVIEW_BYTES - start.length));
    pending = join(pending, piece);
    let at = 0;
    for (; pending.length - at >= chunkBytes; at += chunkBytes) {
      await write(chunks, encode(pending.subarray(at, at + chunkBytes)));
      chunks += 1;
    }
    pending = pending.subarray(at);
  }
  if (pending.length > 0) {
    await write(chunks, encode(pending));
    chunks += 1;
  }
  return JSON.stringify({ $: "stream", v: { name, count, chunks, bytes, preview: previewOf(start, bytes) } });
}

/**
 * What a step gave: a value, or a stream that begins at its beginning.
 *
 * @param {string} text canonical text
 * @param {(step: { name: string, count: number }, index: number) => Promise<string | undefined>} read gives a chunk
 */
export function decodeOutput(text, read) {
  return text.startsWith(TAG) ? replay(JSON.parse(text).v, read) : decode(text);
}

/**
 * @param {Description} description
 * @param {(step: { name: string, count: number }, index: number) => Promise<string | undefined>} read
 */
function replay({ name, count, chunks }, read) {
  let index = 0;
  // Chunks are asked for as they are read, none ahead. Of bytes, so that it also has a reader that fills buffers.
  return new ReadableStream(
    {
      type: "bytes",
      async pull(controller) {
        if (index < chunks) {
          const chunk = decode((await read({ name, count }, index)) ?? "null");
          index += 1;
          controller.enqueue(chunk);
        } else {
          controller.close();
          controller.byobRequest?.respond(0);
        }
      },
    },
    { highWaterMark: 0 },
  );
}

/**
 * @param {unknown} given
 * @param {string} step
 * @param {number} maxBytes
 */
function toBytes(given, step, maxBytes) {
  const kind = kindOf(given);
  const isBytes = kind === "ArrayBuffer" || (ArrayBuffer.isView(given) && kind !== "DataView");
  if (!isBytes) {
    throw invalid(step, `It gave a chunk that is ${aKind(given)}; chunks have to be bytes.`);
  }
  const view = /** @type {ArrayBuffer | ArrayBufferView} */ (given);
  const bytes = ArrayBuffer.isView(view)
    ? new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
    : new Uint8Array(view);
  if (bytes.length > maxBytes) {
    throw invalid(step, `It gave a chunk of ${bytes.length} bytes; the limit is ${maxBytes}.`);
  }
  return bytes;
}

/**
 * @param {string} step
 * @param {string} problem
 */
function invalid(step, problem) {
  return new InvalidStepReadableStreamError(`Step "${step}" returned an invalid ReadableStream output. ${problem}`);
}

/** @param {Uint8Array} a @param {Uint8Array} b */
function join(a, b) {
  // A copy in either case: the producer of `b` may write to it again.
  const joined = new Uint8Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
}

/**
 * What people are shown of it: the first characters, if it is text.
 *
 * @param {Uint8Array} start
 * @param {number} total
 */
function previewOf(start, total) {
  let text;
  try {
    // The last character may have been cut: with `stream` it is left out.
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(start, { stream: start.length < total });
  } catch {
    return `[ReadableStream (binary): ${total} bytes]`;
  }
  const characters = Array.from(text);
  if (characters.length <= PREVIEW_CHARACTERS && start.length === total) return text;
  return `${characters.slice(0, PREVIEW_CHARACTERS).join("")}[truncated output]`;
}
