/**
 * The HTTP server at the host's socket. It admits the commands of this user alone, and lets none of them doubt at its end
 * whether a request was carried out: what it has read gets its response, and every other request gets a refusal.
 */

/** @import { IncomingMessage, Server, ServerResponse } from "node:http" */
/** @import { Socket } from "node:net" */

import { createAdaptorServer } from "@hono/node-server";
import { chmodSync } from "node:fs";
import { refusalOf } from "./admission.js";
import { setConnectionTimeouts } from "./requests/connections.js";

const PRIVATE_SOCKET_MODE = 0o600;
const PRIVATE_UMASK = 0o177;
/** How many connections may wait to be accepted: many commands may start at once. */
const BACKLOG = 1024;
/** How long the end waits for responses that are still being made. */
const DRAIN_TIMEOUT_MS = 2000;

const STOPPED = { status: 503, reason: "state.stopped", message: "The host has stopped" };
/** The last bytes of a connection: the response to a request that the host does not read any more. */
const STOPPED_BODY = JSON.stringify(failureOf(STOPPED));
const STOPPED_RESPONSE =
  "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\nconnection: close\r\n" +
  `content-length: ${Buffer.byteLength(STOPPED_BODY)}\r\n\r\n${STOPPED_BODY}`;
/** A response that goes on until the other side has enough. */
const STREAM_PATH = /\/(subscribe|servings)(\?|$)/;

export class PrivateServer {
  #server;
  /** Those that are being carried out, without the streams that go on until the other side has enough. @type {Set<ServerResponse>} */
  #responses = new Set();
  /** @type {Set<Socket>} */
  #sockets = new Set();
  /** The sockets of such streams. @type {Set<Socket>} */
  #streaming = new Set();
  #closing = false;
  /** Called when there is no response left to wait for. */
  #ondrained = () => {};

  /**
   * @param {(request: Request) => Response | Promise<Response>} fetch
   * @param {{ secret: string, identity: string }} owner whom requests must be meant for
   */
  constructor(fetch, owner) {
    this.#server = /** @type {Server} */ (
      createAdaptorServer({
        fetch: (request) => {
          if (this.#closing) return refusalResponse(STOPPED);
          const refusal = refusalOf(request.headers, owner);
          return refusal ? refusalResponse(refusal) : fetch(request);
        },
      })
    );
    setConnectionTimeouts(this.#server);
    this.#server.on("connection", (socket) => this.#track(socket));
    this.#server.prependListener("request", (request, response) => this.#begin(request, response));
  }

  /**
   * Listen at the socket, which only this user can open, whatever the umask.
   *
   * @param {string} path
   */
  async listen(path) {
    const listening = new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      // The socket is bound at once, so the umask of other files does not change.
      const umask = process.umask(PRIVATE_UMASK);
      this.#server.listen({ path, backlog: BACKLOG }, () => resolve(undefined));
      process.umask(umask);
    });
    await listening;
    chmodSync(path, PRIVATE_SOCKET_MODE);
  }

  /** Accept no further request. Resolves when every request that was read has its response. */
  async close() {
    this.#closing = true;
    // First these: closing the server destroys idle connections.
    for (const socket of this.#sockets) if (!this.#isBusy(socket)) socket.end(STOPPED_RESPONSE);
    this.#server.close();
    if (this.#responses.size === 0) return;
    await new Promise((resolve) => {
      this.#ondrained = () => resolve(undefined);
      setTimeout(resolve, DRAIN_TIMEOUT_MS);
    });
  }

  /** @param {Socket} socket */
  #track(socket) {
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
    socket.on("error", () => {});
  }

  /** @param {IncomingMessage} request @param {ServerResponse} response */
  #begin(request, response) {
    if (STREAM_PATH.test(request.url ?? "")) {
      this.#streaming.add(request.socket);
      response.once("close", () => this.#streaming.delete(request.socket));
      return;
    }
    this.#responses.add(response);
    response.once("close", () => {
      this.#responses.delete(response);
      if (this.#closing) request.socket.end(STOPPED_RESPONSE);
      if (this.#responses.size === 0) this.#ondrained();
    });
  }

  /** @param {Socket} socket */
  #isBusy(socket) {
    return this.#streaming.has(socket) || [...this.#responses].some((response) => response.socket === socket);
  }
}

/** @param {{ status: number, reason: string, message: string }} refusal */
function refusalResponse(refusal) {
  return Response.json(failureOf(refusal), { status: refusal.status });
}

/** @param {{ reason: string, message: string }} refusal */
function failureOf({ reason, message }) {
  return { success: false, errors: [{ code: 10001, reason, message }], messages: [], result: null };
}
