/** The site over HTTP, for this machine alone. */

/** @import { SiteFile } from "./site.js" */

import { createAdaptorServer } from "@hono/node-server";
import { Hono } from "hono";
import { readFile } from "node:fs/promises";
import { checkOrigin } from "../../server/requests/origin.js";
import { RequestError } from "../../server/requests/request_error.js";
import { compressSite } from "./compressed.js";
import { ISOLATION } from "./policy.js";

const LOOPBACK = "127.0.0.1";
const FOR_EVER = "public, max-age=31536000, immutable";

/**
 * The site. Only its own pages are answered: it may hold the packages of a project.
 *
 * @param {SiteFile[]} site
 * @param {ReadonlyMap<string, Uint8Array>} [compressed] files as gzip has them, by path; for browsers that take them
 */
export function siteApp(site, compressed = new Map()) {
  const byPath = new Map(site.map((file) => [`/${file.path}`, file]));
  const app = new Hono();
  app.use(async (c, next) => {
    await next();
    for (const [name, value] of Object.entries({ ...ISOLATION, "X-Content-Type-Options": "nosniff" })) {
      c.header(name, value);
    }
  });
  app.use(async (c, next) => {
    checkOrigin(c.req.raw);
    await next();
  });
  app.onError((error, c) => {
    if (!(error instanceof RequestError)) throw error;
    return c.text(`${error.message}\n`, /** @type {400} */ (error.status));
  });
  app.get("*", async (c) => {
    const file = byPath.get(c.req.path === "/" ? "/index.html" : c.req.path);
    if (!file) return c.text(`There is no ${c.req.path} here.\n`, 404);
    const packed = /\bgzip\b/.test(c.req.header("accept-encoding") ?? "") ? compressed.get(file.path) : undefined;
    const body = packed ?? file.bytes ?? (await readFile(/** @type {string} */ (file.source)));
    return c.body(/** @type {Uint8Array<ArrayBuffer>} */ (body), 200, {
      "Content-Type": file.type,
      "Cache-Control": file.immutable ? FOR_EVER : "no-cache",
      Vary: "Accept-Encoding",
      ...(packed ? { "Content-Encoding": "gzip" } : {}),
      ...(file.policy ? { "Content-Security-Policy": file.policy } : {}),
    });
  });
  return app;
}

/**
 * @param {SiteFile[]} site
 * @param {number} port 0: any that is free
 * @returns {Promise<string>} the site's address
 * @throws the port cannot be had
 */
export async function serveSite(site, port) {
  // The first browser need not wait for the largest files to be compressed: it is on this machine.
  /** @type {Map<string, Uint8Array>} */
  const compressed = new Map();
  void compressSite(site, compressed);
  const server = createAdaptorServer({ fetch: siteApp(site, compressed).fetch });
  await new Promise((resolve, reject) => {
    server.once("error", (error) => {
      const { code } = /** @type {NodeJS.ErrnoException} */ (error);
      const why = code === "EADDRINUSE" ? "is in use" : `cannot be had (${code})`;
      reject(Object.assign(new Error(`Port ${port} ${why}. Choose another with --port.`), { code: "port.taken" }));
    });
    server.listen(port, LOOPBACK, () => resolve(undefined));
  });
  const address = /** @type {import("node:net").AddressInfo} */ (server.address());
  return `http://${LOOPBACK}:${address.port}/`;
}
