/** Requests of the HTTP listener that a Worker answers with a WebSocket. */

/** @import { IncomingMessage, Server } from "node:http" */
/** @import { Duplex } from "node:stream" */
/** @import { Socket } from "node:net" */
/** @import { WebSocket } from "ws" */
/** @import { PairedSocket } from "../../runtime/handlers/web_socket.js" */

import { ServerResponse } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { WebSocketServer } from "ws";
import { socketOf } from "../../runtime/handlers/response.js";
import { ABNORMAL, attach, disconnect, DISCONNECTED, pass, shut } from "../../runtime/handlers/web_socket.js";

/** How much of a client's messages may wait for the Worker before the connection is read no further. */
const WINDOW_BYTES = 1 << 20;
/** Cloudflare's limit of a message. */
const MAX_MESSAGE_BYTES = 32 << 20;
/** After how long without traffic the system asks whether the client is still there. */
const KEEP_ALIVE_MS = 60_000;
const NO_STATUS = 1005;
const GOING_AWAY = 1001;
const INTERNAL_ERROR = 1011;
const OF_HANDSHAKE = new Set([
  "connection",
  "content-length",
  "sec-websocket-accept",
  "sec-websocket-extensions",
  "sec-websocket-protocol",
  "transfer-encoding",
  "upgrade",
]);

/** @typedef {(request: Request, env: { incoming: IncomingMessage, outgoing: ServerResponse }) => Response | Promise<Response>} Respond */

/** Whether a request asks for a WebSocket. Others that ask for another protocol are answered as any request. @param {IncomingMessage} request */
export function asksForWebSocket({ method, headers }) {
  return method === "GET" && headers.upgrade?.toLowerCase() === "websocket";
}

export class WebSockets {
  /** The response with which a Worker accepts a request. @type {WeakMap<IncomingMessage, Response>} */
  #accepted = new WeakMap();
  #server = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    handleProtocols: (_, request) => this.#accepted.get(request)?.headers.get("sec-websocket-protocol") ?? false,
  });
  #onclosed = () => {};

  /**
   * Answer requests of a server that ask for a WebSocket.
   *
   * @param {Server} server
   * @param {Respond} respond a response of status 101 has the socket; any other is sent as it is
   */
  serve(server, respond) {
    server.on("upgrade", (incoming, socket, head) => {
      socket.on("error", () => {});
      const outgoing = new ServerResponse(incoming);
      outgoing.shouldKeepAlive = false;
      outgoing.assignSocket(/** @type {Socket} */ (socket));
      outgoing.on("finish", () => socket.end());
      const listen = getRequestListener(async (request, env) => {
        const response = await respond(request, /** @type {any} */ (env));
        const accepted = /** @type {PairedSocket | undefined} */ (socketOf(response));
        if (!accepted) return response;
        outgoing.detachSocket(/** @type {Socket} */ (socket));
        this.#accept(incoming, socket, head, response, accepted);
        return new Response(null, { headers: { "x-hono-already-sent": "true" } });
      });
      void listen(incoming, outgoing);
    });
    this.#server.on("headers", (lines, request) => {
      for (const [name, value] of this.#accepted.get(request)?.headers ?? [])
        if (!OF_HANDSHAKE.has(name)) lines.push(`${name}: ${value}`);
    });
  }

  /** How many are open. */
  get open() {
    return this.#server.clients.size;
  }

  /**
   * @param {IncomingMessage} incoming
   * @param {Duplex} socket
   * @param {Buffer} head
   * @param {Response} response
   * @param {PairedSocket} accepted
   */
  #accept(incoming, socket, head, response, accepted) {
    this.#accepted.set(incoming, response);
    let isOpen = false;
    if (!socket.destroyed)
      this.#server.handleUpgrade(incoming, socket, head, (client) => {
        isOpen = true;
        /** @type {Socket} */ (socket).setKeepAlive(true, KEEP_ALIVE_MS);
        connect(client, accepted);
        client.on("close", () => this.open === 0 && this.#onclosed());
      });
    // The client has gone, or its handshake is invalid: `ws` has told it.
    if (!isOpen) disconnect(accepted);
  }

  /** Close all that are open. @param {number} [code] @param {string} [reason] */
  closeAll(code = GOING_AWAY, reason = "") {
    for (const client of this.#server.clients) client.close(code, reason);
  }

  /** Close all, and wait until their clients have agreed, for so long at most. @param {number} graceMs */
  async drain(graceMs) {
    this.closeAll();
    if (this.open === 0) return;
    await new Promise((resolve) => {
      const timer = setTimeout(resolve, graceMs);
      this.#onclosed = () => {
        clearTimeout(timer);
        resolve(undefined);
      };
    });
  }

  /** Cut all that are open. */
  terminate() {
    for (const client of this.#server.clients) client.terminate();
  }
}

/**
 * Carry messages between a client and the end of the pair that a Worker has answered with.
 *
 * @param {WebSocket} client
 * @param {PairedSocket} accepted
 */
function connect(client, accepted) {
  client.binaryType = "arraybuffer";
  let waiting = 0;
  client.on("message", (/** @type {ArrayBuffer | Buffer} */ data, isBinary) => {
    const message = isBinary ? /** @type {ArrayBuffer} */ (data) : /** @type {Buffer} */ (data).toString();
    const size = data.byteLength;
    waiting += size;
    if (waiting > WINDOW_BYTES) client.pause();
    pass(accepted, message, () => {
      waiting -= size;
      if (client.isPaused && waiting <= WINDOW_BYTES) client.resume();
    });
  });
  // `ws` closes by itself after it.
  client.on("error", () => {});
  client.on("close", (code, reason) => shut(accepted, code, code === ABNORMAL ? DISCONNECTED : reason.toString()));
  attach(accepted, {
    message: (data, taken) => client.send(data, () => taken()),
    close(code, reason) {
      if (code === NO_STATUS) client.close();
      else if (code === ABNORMAL) client.close(INTERNAL_ERROR, "The Worker has ended.");
      else client.close(code, reason);
    },
  });
}
