/** Reads the JSON body of a request, within limits of size, time and nesting. */

import { parseExactJson } from "./exact_json.js";
import { JsonScan } from "./json_scan.js";
import { RequestError } from "./request_error.js";

/**
 * The largest body: a batch of a hundred instances with large params each. A single value has a smaller limit of its own.
 */
export const MAX_BODY_BYTES = 128 * 1024 * 1024;
/** How long the other side may take to send a body. */
export const BODY_TIMEOUT_MS = 60_000;

/**
 * @typedef {object} BodyLimits
 * @property {number} [maxBytes]
 * @property {number} [timeoutMs]
 * @property {number} [maxNesting]
 * @property {number} [maxValues]
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
  const scan = new JsonScan(limits);
  return parseScanned(decodeUtf8(await readBytes(request, limits, (bytes) => scan.feed(bytes))));
}

/**
 * @param {string} text
 * @param {BodyLimits} [limits]
 * @returns {JsonBody}
 * @throws {RequestError}
 */
export function parseJson(text, limits = {}) {
  new JsonScan(limits).feed(new TextEncoder().encode(text));
  return parseScanned(text);
}

/** @param {string} text within the limits @returns {JsonBody} @throws {RequestError} */
function parseScanned(text) {
  if (text === "") return { plain: undefined, exact: undefined };
  try {
    return { plain: JSON.parse(text), exact: parseExactJson(text) };
  } catch (error) {
    if (error instanceof RequestError) throw error;
    throw new RequestError(400, `The body is not JSON: ${/** @type {Error} */ (error).message}`);
  }
}

/** @param {Uint8Array} bytes @throws {RequestError} it is not UTF-8 */
function decodeUtf8(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new RequestError(400, "The body is not UTF-8 text.");
  }
}

/**
 * @param {Request} request
 * @param {BodyLimits} limits
 * @param {(bytes: Uint8Array) => void} onpiece called with each piece as it arrives; what it throws refuses the body
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 * @throws {RequestError} the body is too large, arrives too slowly, or not whole
 */
async function readBytes(request, { maxBytes = MAX_BODY_BYTES, timeoutMs = BODY_TIMEOUT_MS }, onpiece) {
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
    return await Promise.race([collect(reader, maxBytes, onpiece), /** @type {Promise<never>} */ (late)]);
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
 * @param {(bytes: Uint8Array) => void} onpiece
 */
async function collect(reader, maxBytes, onpiece) {
  const chunks = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return new Uint8Array(Buffer.concat(chunks));
    size += value.byteLength;
    if (size > maxBytes) throw tooLarge(maxBytes);
    onpiece(value);
    chunks.push(value);
  }
}

/** @param {number} maxBytes */
function tooLarge(maxBytes) {
  return new RequestError(413, `The body is too large; the limit is ${maxBytes.toLocaleString("en")} bytes.`);
}
