/** How long the connections of an HTTP server may take, and how long they may rest. */

/** @import { Server } from "node:http" */

/** How long a client may take to send the headers of a request. */
const HEADERS_TIMEOUT_MS = 30_000;
/** How long a client may take to send a whole request. */
const REQUEST_TIMEOUT_MS = 120_000;

/**
 * A resting connection stays open: clients keep one for hours, between two requests and while they read a stream. A request
 * that has begun must arrive in time.
 *
 * @param {Server} server
 */
export function setConnectionTimeouts(server) {
  server.keepAliveTimeout = 0;
  server.timeout = 0;
  server.headersTimeout = HEADERS_TIMEOUT_MS;
  server.requestTimeout = REQUEST_TIMEOUT_MS;
}
