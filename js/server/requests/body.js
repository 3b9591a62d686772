/** Reads the JSON body of a request, within limits of size, time and nesting. */

import { parseExactJson } from "./exact_json.js";
import { RequestError } from "./request_error.js";

/**
 * The largest body: a batch of a hundred instances with large params each. A single value has a smaller limit of its own.
 */
export const MAX_BODY_BYTES = 128 * 1024 * 1024;
/** How long the other side may take to send a body. */
export const BODY_TIMEOUT_MS = 60_000;
/** Values may be 256 containers deep. A body has a few more around them. */
export const MAX_NESTING = 300;

/**
 * @typedef {object} BodyLimits
 * @property {number} [maxBytes]
 * @property {number} [timeoutMs]
 * @property {number} [maxNesting]
 *
 * @typedef {{ plain: any, exact: any }} JsonBody the same value twice: `plain` as `JSON.parse` makes it, for schemas; `exact`
 *   with numbers as they were written, for values that are stored. Both are undefined for an empty body.
 */

/**
 * @param {Request} request
 * @param {BodyLimits} [limits]
 * @returns {Promise<JsonBody>}
 * @throws {RequestError}
 */
export async function readJson(request, limits = {}) {
  return parseJson(await readText(request, limits), limits);
}

/**
 * @param {string} text
 * @param {BodyLimits} [limits]
 * @returns {JsonBody}
 * @throws {RequestError}
 */
export function parseJson(text, { maxNesting = MAX_NESTING } = {}) {
  if (text === "") return { plain: undefined, exact: undefined };
  if (isNestedDeeper(text, maxNesting))
    throw new RequestError(400, `The body is nested too deeply; the limit is ${maxNesting} levels.`);
  try {
    return { plain: JSON.parse(text), exact: parseExactJson(text) };
  } catch (error) {
    if (error instanceof RequestError) throw error;
    throw new RequestError(400, `The body is not JSON: ${/** @type {Error} */ (error).message}`);
  }
}

/**
 * @param {Request} request
 * @param {BodyLimits} [limits]
 * @returns {Promise<string>}
 * @throws {RequestError} the body is too large, arrives too slowly, or is not UTF-8
 */
export async function readText(request, limits) {
  const bytes = await readBytes(request, limits);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new RequestError(400, "The body is not UTF-8 text.");
  }
}

/**
 * @param {Request} request
 * @param {BodyLimits} [limits]
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 * @throws {RequestError} the body is too large, arrives too slowly, or not whole
 */
export async function readBytes(request, { maxBytes = MAX_BODY_BYTES, timeoutMs = BODY_TIMEOUT_MS } = {}) {
  const announced = Number(request.headers.get("content-length") ?? 0);
  if (announced > maxBytes) throw tooLarge(maxBytes);
  if (!request.body) return new Uint8Array();
  const reader = request.body.getReader();
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  const late = new Promise((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new RequestError(408, `The body did not arrive within ${timeoutMs / 1000} s.`)),
      timeoutMs,
    );
  });
  try {
    return await Promise.race([collect(reader, maxBytes), /** @type {Promise<never>} */ (late)]);
  } catch (error) {
    void reader.cancel().catch(() => {});
    if (error instanceof RequestError) throw error;
    // The client has gone away in the middle of it.
    throw new RequestError(400, "The body did not arrive whole.");
  } finally {
    clearTimeout(timer);
  }
}

/**
 * @param {ReadableStreamDefaultReader<Uint8Array>} reader
 * @param {number} maxBytes
 */
async function collect(reader, maxBytes) {
  const chunks = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return new Uint8Array(Buffer.concat(chunks));
    size += value.byteLength;
    if (size > maxBytes) throw tooLarge(maxBytes);
    chunks.push(value);
  }
}

/** @param {number} maxBytes */
function tooLarge(maxBytes) {
  return new RequestError(413, `The body is too large; the limit is ${maxBytes.toLocaleString("en")} bytes.`);
}

/**
 * Whether JSON `text` opens more than `limit` containers inside one another. Brackets in strings do not count.
 *
 * @param {string} text
 * @param {number} limit
 */
export function isNestedDeeper(text, limit) {
  let depth = 0;
  let isInString = false;
  for (let at = 0; at < text.length; at++) {
    const character = text.charCodeAt(at);
    if (isInString) {
      if (character === BACKSLASH) at++;
      else if (character === QUOTE) isInString = false;
    } else if (character === QUOTE) isInString = true;
    else if (character === OPEN_BRACE || character === OPEN_BRACKET) {
      if (++depth > limit) return true;
    } else if (character === CLOSE_BRACE || character === CLOSE_BRACKET) depth--;
  }
  return false;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
