/**
 * A Worker's answer as it goes over a connection. Its framing is the server's: what a handler says of the connection and of
 * the length of a body counts for nothing, as on Cloudflare.
 */

/** @import { Ends } from "../../../runtime/handlers/packing.js" */
/** @import { PackedResponse } from "../../../runtime/handlers/protocol.d.ts" */

import { validateHeaderValue } from "node:http";
import { unpackResponse } from "../../../runtime/handlers/packing.js";

/** Headers about a connection (RFC 9110, 7.6.1), and one at which the HTTP library sends nothing. */
const OF_CONNECTION = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "x-hono-already-sent",
]);
const NOT_MODIFIED = 304;

/**
 * @param {PackedResponse} packed
 * @param {Ends} ends
 * @param {object} options
 * @param {string} options.method of the request
 * @param {(error: unknown) => void} options.onfail the body has failed after the head was sent
 * @returns {Response} of the class that is global in the host; a whole body is sent without being read first
 * @throws {TypeError} a header is invalid in HTTP
 */
export function toAnswer(packed, ends, { method, onfail }) {
  const { status, body, socket } = packed;
  if (socket !== undefined) return unpackResponse(packed, ends);
  const isStream = body !== null && typeof body === "object" && "stream" in body;
  try {
    const headers = toRecord(packed.headers);
    const isHead = method === "HEAD";
    // Where there is no body to measure, a length is about the one that there would be.
    if (!isHead && status !== NOT_MODIFIED) delete headers["content-length"];
    if (!isStream) return new Response(/** @type {any} */ (body), { status, headers });
    if (isHead) {
      ends.streams.discard(body.stream);
      return new Response(null, { status, headers });
    }
    if (body.length !== undefined) headers["content-length"] = String(body.length);
    return new Response(watched(ends.streams.receive(body.stream), onfail), { status, headers });
  } catch (error) {
    if (isStream) ends.streams.discard(body.stream);
    throw error;
  }
}

/** @param {[string, string][]} pairs @returns {Record<string, any>} cookies as an array */
function toRecord(pairs) {
  /** @type {Record<string, any>} */
  const record = Object.create(null);
  for (const [name, value] of pairs) {
    if (OF_CONNECTION.has(name)) continue;
    validateHeaderValue(name, value);
    if (name === "set-cookie") (record[name] ??= []).push(value);
    else record[name] = name in record ? `${record[name]}, ${value}` : value;
  }
  return record;
}

/**
 * The stream. Where it fails it stands still, and its reader learns nothing: the connection is cut.
 *
 * @param {ReadableStream<Uint8Array>} stream
 * @param {(error: unknown) => void} onfail
 * @returns {ReadableStream<Uint8Array>}
 */
function watched(stream, onfail) {
  const reader = stream.getReader();
  return new ReadableStream(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (done) controller.close();
          else controller.enqueue(value);
        } catch (error) {
          onfail(error);
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}
