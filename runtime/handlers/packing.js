/** How requests, responses and values cross a port: heads as data, small bodies whole, large ones as byte streams. */

/** @import { PackedBody, PackedRequest, PackedResponse, PackedValue } from "./protocol.d.ts" */
/** @import { HandlerPort } from "./port.js" */
/** @import { ByteStreams } from "./byte_streams.js" */

import { decode, encode } from "../../bridge/values.js";
import { bytesOf } from "./byte_streams.js";
import { guestResponse, isEncoded, isMade, socketOf, wholeBodyOf } from "./response.js";

/** A body of a known length up to this crosses with its head. */
const WHOLE_BODY_BYTES = 64 * 1024;
const WITHOUT_BODY = new Set(["GET", "HEAD"]);

/** @type {Promise<void>} */
const AT_ONCE = Promise.resolve();

/** @type {Packed<PackedBody>} */
const WITHOUT = { packed: null, sent: AT_ONCE };

/** What goes through a port beside messages. @typedef {Pick<HandlerPort, "streams" | "sockets">} Ends */

/**
 * @template T
 * @typedef {{ packed: T, sent: Promise<void> }} Packed `sent` settles when what belongs to it has been sent
 */

/**
 * @param {Request} request its body is read
 * @param {ByteStreams} streams
 * @param {{ cf?: object | undefined, rawHeaders?: string[] | undefined }} [known] `rawHeaders`: names and values in turns, as a
 *   server has received them. Then neither its headers nor its body become objects of their own
 * @returns {Promise<Packed<PackedRequest>>}
 */
export async function packRequest(request, streams, { cf = Reflect.get(request, "cf"), rawHeaders } = {}) {
  const { method, url } = request;
  const headers = rawHeaders ? pairsOf(rawHeaders) : [...request.headers];
  const length = lengthOf(headers);
  const isPlain = rawHeaders !== undefined && isSmall(length);
  const { packed: body, sent } = WITHOUT_BODY.has(method)
    ? WITHOUT
    : await (isPlain ? packWhole(request) : packBody(request, length, streams));
  /** @type {PackedRequest} */
  const packed = { method, url, headers, body };
  if (cf !== undefined) packed.cf = cf;
  return { packed, sent };
}

/** @param {string[]} raw @returns {[string, string][]} */
function pairsOf(raw) {
  /** @type {[string, string][]} */
  const pairs = [];
  for (let index = 0; index < raw.length; index += 2) pairs.push([raw[index].toLowerCase(), raw[index + 1]]);
  return pairs;
}

/** The bodies of requests that have come whole. @type {WeakMap<Request, Uint8Array>} */
const whole = new WeakMap();

/**
 * Let Python read a body that has come whole without waiting for it.
 *
 * @param {any} request
 */
export function provideText(request) {
  if (!whole.has(request)) return;
  const take = () => {
    const bytes = whole.get(request);
    if (!bytes || request.bodyUsed || request.body.locked) return undefined;
    whole.delete(request);
    // From here on the body has been read for others, too.
    void request.body.cancel();
    return new TextDecoder().decode(bytes);
  };
  Object.defineProperty(request, "_takeText", { value: take });
}

/**
 * @param {PackedRequest} packed
 * @param {ByteStreams} streams
 * @param {AbortSignal} [signal]
 * @returns {Request}
 */
export function unpackRequest({ method, url, headers, body, cf }, streams, signal) {
  /** @type {any} */
  const init = { method, headers, redirect: "manual" };
  if (signal) init.signal = signal;
  if (body !== null && !WITHOUT_BODY.has(method)) {
    init.body = unpackBody(body, streams);
    init.duplex = "half";
  }
  const request = new Request(url, init);
  if (init.body instanceof Uint8Array) whole.set(request, init.body);
  Object.defineProperty(request, "cf", { value: cf, configurable: true, enumerable: true, writable: true });
  return request;
}

/**
 * @param {Response} response its body is read
 * @param {Ends} ends
 * @returns {Promise<Packed<PackedResponse>>}
 */
export async function packResponse(response, { streams, sockets }) {
  const { status, statusText } = response;
  const socket = socketOf(response);
  if (socket) {
    const { number, sent } = sockets.send(socket);
    return { packed: { status, statusText, headers: [...response.headers], body: null, socket: number }, sent };
  }
  const encoded = withEncoding(response);
  const headers = [...encoded.headers];
  const whole = encoded === response ? wholeBodyOf(response) : undefined;
  const { packed: body, sent } =
    whole === undefined ? await packBody(encoded, knownLengthOf(encoded), streams) : { packed: whole, sent: AT_ONCE };
  return { packed: { status, statusText, headers, body }, sent };
}

/**
 * @param {PackedResponse} packed
 * @param {Ends} ends
 * @returns {Response} one of status 101 has the socket as `webSocket`
 */
export function unpackResponse({ status, statusText, headers, body, socket }, { streams, sockets }) {
  const webSocket = socket === undefined ? {} : { webSocket: sockets.receive(socket) };
  const Response = guestResponse();
  const init = /** @type {any} */ ({ status, statusText, headers, encodeBody: "manual", ...webSocket });
  return new Response(body === null ? null : /** @type {any} */ (unpackBody(body, streams)), init);
}

/**
 * @param {Request | Response} message
 * @param {number | undefined} length
 * @param {ByteStreams} streams
 * @returns {Promise<Packed<PackedBody>>}
 */
async function packBody(message, length, streams) {
  if (message.body === null) return WITHOUT;
  if (isSmall(length)) return await packWhole(message);
  const { number, sent } = streams.send(message.body);
  return { packed: length === undefined ? { stream: number } : { stream: number, length }, sent };
}

/** @param {number | undefined} length */
function isSmall(length) {
  return length !== undefined && length <= WHOLE_BODY_BYTES;
}

/** @param {Request | Response} message @returns {Promise<Packed<PackedBody>>} */
async function packWhole(message) {
  return { packed: new Uint8Array(await message.arrayBuffer()), sent: AT_ONCE };
}

/** @param {Exclude<PackedBody, null>} body @param {ByteStreams} streams */
function unpackBody(body, streams) {
  return typeof body === "string" || body instanceof Uint8Array ? body : streams.receive(body.stream);
}

/**
 * The response with its body encoded as its headers say, unless that has been done. What `fetch` gives has been decoded,
 * whatever its headers say.
 *
 * @param {Response} response
 * @returns {Response}
 */
function withEncoding(response) {
  const encoding = response.headers.get("content-encoding");
  if (encoding === null || response.body === null || isEncoded(response)) return response;
  const headers = new Headers(response.headers);
  headers.delete("content-length");
  const stream = encoderOf(encoding);
  if (!stream) headers.delete("content-encoding");
  const { status, statusText } = response;
  const body = stream ? response.body.pipeThrough(/** @type {any} */ (stream)) : response.body;
  return new Response(body, { status, statusText, headers });
}

/** @param {string} encoding @returns {CompressionStream | undefined} undefined: it is not known here */
function encoderOf(encoding) {
  const name = /** @type {Record<string, string>} */ ({ gzip: "gzip", deflate: "deflate", br: "brotli" })[encoding];
  try {
    return name === undefined ? undefined : new CompressionStream(/** @type {any} */ (name));
  } catch {
    return undefined;
  }
}

/**
 * The length of a response that has come from a server. The header of one that a handler has made is the handler's word: often
 * it is copied from another response, whose body was of another length.
 *
 * @param {Response} response
 */
function knownLengthOf(response) {
  return isMade(response) ? undefined : lengthOf([...response.headers]);
}

/** @param {[string, string][]} headers */
function lengthOf(headers) {
  const text = headers.find(([name]) => name === "content-length")?.[1];
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

/**
 * @param {unknown} value
 * @param {string} where what it is called in errors
 * @param {Ends} ends
 * @returns {Promise<Packed<PackedValue>>}
 * @throws {import("../../bridge/values.js").NotSerializableError}
 */
export async function packValue(value, where, ends) {
  if (value instanceof Request) {
    const { packed: request, sent } = await packRequest(value, ends.streams);
    return { packed: { request }, sent };
  }
  if (isResponse(value)) {
    const { packed: response, sent } = await packResponse(value, ends);
    return { packed: { response }, sent };
  }
  if (value instanceof ReadableStream) {
    const { number, sent } = ends.streams.send(value);
    return { packed: { stream: number }, sent };
  }
  if (value instanceof Uint8Array) return { packed: { bytes: bytesOf(value) }, sent: AT_ONCE };
  return { packed: { value: encode(value, where) }, sent: AT_ONCE };
}

/**
 * In a host the HTTP server has put a class of its own in the place of Node's, and responses of others are of a third.
 *
 * @param {any} value
 * @returns {value is Response}
 */
function isResponse(value) {
  if (value instanceof Response) return true;
  return value?.constructor?.name === "Response" && typeof value.status === "number" && "bodyUsed" in value;
}

/**
 * @param {PackedValue} packed
 * @param {Ends} ends
 * @returns {any}
 */
export function unpackValue(packed, ends) {
  const { streams } = ends;
  if ("value" in packed) return decode(packed.value);
  if ("bytes" in packed) return packed.bytes;
  if ("stream" in packed) return streams.receive(packed.stream);
  if ("request" in packed) return unpackRequest(packed.request, streams);
  return unpackResponse(packed.response, ends);
}
