/** A TCP listener for the HTTP interface. */

/** @import { Host } from "./host.js" */

import { createServer } from "node:http";
import { createAdaptorServer } from "@hono/node-server";
import { WorkflowError } from "../engine/errors.js";
import { createNetworkApi } from "./api/app.js";
import { setConnectionTimeouts } from "./requests/connections.js";

/** How long a connection may stand still: a stream sends something every 15 s. */
const IDLE_TIMEOUT_MS = 120_000;
const CHECK_EVERY_MS = 1000;
const MAX_CONNECTIONS = 10_000;
const MAX_HEADER_BYTES = 32 * 1024;

/**
 * @typedef {object} ListenerOptions
 * @property {string} ip
 * @property {number} port 0: one that is free
 * @property {string | undefined} [publicUrl] where a proxy makes the listener known, base path included
 * @property {boolean} [tokenRequired] also on loopback
 * @property {number} [creationsPerSecond] for each account; 0: no limit
 */

/** @typedef {{ url: string, tokenRequired: boolean, close: () => void }} Listener */

/**
 * @param {Host} host
 * @param {ListenerOptions} options
 * @returns {Promise<Listener>}
 * @throws {WorkflowError} the address cannot be listened at
 */
export async function openListener(host, { ip, port, publicUrl, tokenRequired, creationsPerSecond = 0 }) {
  // Made when the port is known.
  /** @type {{ app?: ReturnType<typeof createNetworkApi> }} */
  const made = {};
  const server = /** @type {import("node:http").Server} */ (
    createAdaptorServer({
      fetch: (request, env) => /** @type {NonNullable<typeof made.app>} */ (made.app).fetch(request, env),
      createServer,
      serverOptions: {
        connectionsCheckingInterval: CHECK_EVERY_MS,
        maxHeaderSize: MAX_HEADER_BYTES,
      },
    })
  );
  setConnectionTimeouts(server);
  server.timeout = IDLE_TIMEOUT_MS;
  server.maxConnections = MAX_CONNECTIONS;
  await listen(server, ip, port);
  const bound = /** @type {import("node:net").AddressInfo} */ (server.address());
  const url = `http://${ip.includes(":") ? `[${ip}]` : ip}:${bound.port}`;
  const required = tokenRequired === true || publicUrl !== undefined || !isLoopback(bound.address);
  made.app = createNetworkApi(host, {
    tokenRequired: required,
    hosts: publicUrl !== undefined ? [new URL(publicUrl).hostname] : isLoopback(bound.address) ? [] : undefined,
    publicUrl: (publicUrl ?? url).replace(/\/+$/, ""),
    creationsPerSecond,
  });
  return {
    url,
    tokenRequired: required,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** @param {import("node:http").Server} server @param {string} ip @param {number} port @returns {Promise<void>} */
function listen(server, ip, port) {
  return new Promise((resolve, reject) => {
    server.once("error", (/** @type {NodeJS.ErrnoException} */ error) => {
      const why = error.code === "EADDRINUSE" ? "another program listens there" : error.message;
      reject(new WorkflowError("listener.unavailable", `Cannot listen at ${ip}, port ${port}: ${why}.`));
    });
    server.listen({ host: ip, port }, () => resolve());
  });
}

/** @param {string} address */
function isLoopback(address) {
  return address === "::1" || /^(::ffff:)?127\./.test(address);
}
