/** A TCP listener for the HTTP interface. */

/** @import { Host } from "./host.js" */

import { createServer } from "node:http";
import { createAdaptorServer } from "@hono/node-server";
import { WorkflowError } from "../engine/errors.js";
import { createNetworkApi } from "./api/app.js";
import { setConnectionTimeouts } from "./requests/connections.js";
import { asksForWebSocket, WebSockets } from "./web_sockets.js";

/** How long a connection may stand still: a stream sends something every 15 s. */
const IDLE_TIMEOUT_MS = 120_000;
const CHECK_EVERY_MS = 1000;
const MAX_CONNECTIONS = 10_000;
const MAX_HEADER_BYTES = 32 * 1024;
const MAX_PORT = 65_535;

/**
 * @typedef {object} RequestConnection
 * @property {string[]} rawHeaders of the request, names and values in turns, as they have arrived
 * @property {() => void} cut close the connection, whatever has been sent
 *
 * Answers a request; undefined: the API answers.
 * @typedef {(request: Request, path: string, connection: RequestConnection) => Response | Promise<Response> | undefined} Answer
 *
 * @typedef {object} ListenerOptions
 * @property {string} ip
 * @property {number} port 0: one that is free
 * @property {string | undefined} [publicUrl] where a proxy makes the listener known, base path included
 * @property {boolean} [tokenRequired] also on loopback
 * @property {number} [creationsPerSecond] for each account; 0: no limit
 * @property {number} [otherPorts] how many of the next ports are tried where the port is taken
 * @property {Answer} [answer] answers what is not for the API
 * @property {boolean} [readOnly] refuse what changes anything
 */

/**
 * @typedef {object} Listener
 * @property {string} url
 * @property {number} port
 * @property {boolean} tokenRequired
 * @property {(graceMs: number) => Promise<void>} drain accept no connection, and wait for the responses that are under way
 * @property {(code: number, reason: string) => void} closeWebSockets
 * @property {() => void} close
 */

/**
 * @param {Host} host
 * @param {ListenerOptions} options
 * @returns {Promise<Listener>}
 * @throws {WorkflowError} the address cannot be listened at
 */
export async function openListener(host, options) {
  const {
    ip,
    port,
    publicUrl,
    tokenRequired,
    creationsPerSecond = 0,
    otherPorts = 0,
    readOnly = false,
    answer,
  } = options;
  // Made when the port is known.
  /** @type {{ app?: ReturnType<typeof createNetworkApi> }} */
  const made = {};
  /** @param {Request} request @param {any} env */
  const respond = (request, env) =>
    answer?.(request, pathOf(env.incoming.url ?? "/"), {
      rawHeaders: env.incoming.rawHeaders,
      cut: () => env.outgoing.destroy(),
    }) ?? /** @type {NonNullable<typeof made.app>} */ (made.app).fetch(request, env);
  const server = /** @type {import("node:http").Server} */ (
    createAdaptorServer({
      fetch: respond,
      createServer,
      serverOptions: {
        connectionsCheckingInterval: CHECK_EVERY_MS,
        maxHeaderSize: MAX_HEADER_BYTES,
        shouldUpgradeCallback: asksForWebSocket,
      },
    })
  );
  const sockets = new WebSockets();
  if (answer) sockets.serve(server, respond);
  setConnectionTimeouts(server);
  // A handler may take its time; what it sends to a client that does not read ends with the client's connection.
  server.timeout = answer ? 0 : IDLE_TIMEOUT_MS;
  server.maxConnections = MAX_CONNECTIONS;
  await listenNear(server, ip, port, otherPorts);
  /** @type {Set<import("node:http").ServerResponse>} */
  const responses = new Set();
  let ondrained = () => {};
  server.prependListener("request", (_request, response) => {
    responses.add(response);
    response.once("close", () => {
      responses.delete(response);
      if (responses.size === 0) ondrained();
    });
  });
  const bound = /** @type {import("node:net").AddressInfo} */ (server.address());
  const url = `http://${shownHost(ip)}:${bound.port}`;
  const required = tokenRequired === true || publicUrl !== undefined || !isLoopback(bound.address);
  made.app = createNetworkApi(host, {
    tokenRequired: required,
    hosts: publicUrl !== undefined ? [new URL(publicUrl).hostname] : isLoopback(bound.address) ? [] : undefined,
    publicUrl: (publicUrl ?? url).replace(/\/+$/, ""),
    creationsPerSecond,
    readOnly,
  });
  return {
    url,
    port: bound.port,
    tokenRequired: required,
    async drain(graceMs) {
      server.close();
      server.closeIdleConnections();
      const answered = new Promise((resolve) => {
        const timer = setTimeout(resolve, graceMs);
        ondrained = () => {
          clearTimeout(timer);
          resolve(undefined);
        };
        if (responses.size === 0) ondrained();
      });
      await Promise.all([sockets.drain(graceMs), answered]);
    },
    closeWebSockets: sockets.closeAll.bind(sockets),
    close() {
      sockets.terminate();
      server.close();
      server.closeAllConnections();
    },
  };
}

/**
 * Listen at the port, or at one of the next where it is taken.
 *
 * @param {import("node:http").Server} server
 * @param {string} ip
 * @param {number} port
 * @param {number} others how many further ports are tried
 */
async function listenNear(server, ip, port, others) {
  for (let number = port; ; number += 1) {
    const error = await listen(server, ip, number);
    if (error === undefined) return;
    const isTaken = error.code === "EADDRINUSE";
    if (isTaken && number < Math.min(port + others, MAX_PORT)) continue;
    const why = isTaken ? "another program listens there" : error.message;
    const text = `Cannot listen at ${ip}, port ${number}: ${why}. Give another port with --port.`;
    throw new WorkflowError("listener.unavailable", text);
  }
}

/** @param {import("node:http").Server} server @param {string} host @param {number} port @returns {Promise<NodeJS.ErrnoException | undefined>} */
function listen(server, host, port) {
  return new Promise((resolve) => {
    server.once("error", resolve);
    server.listen({ host, port }, () => {
      server.off("error", resolve);
      resolve(undefined);
    });
  });
}

/** An address as URLs have it. @param {string} ip */
function shownHost(ip) {
  return ip.includes(":") ? `[${ip}]` : ip;
}

/** The path of a request's target, without a query. @param {string} target */
function pathOf(target) {
  const end = target.search(/[?#]/);
  return end < 0 ? target : target.slice(0, end);
}

/** @param {string} address */
function isLoopback(address) {
  return address === "::1" || /^(::ffff:)?127\./.test(address);
}
