/** The dashboard in a browser, over an engine with fake guests and a clock that tests move. */

/** @import { Page } from "playwright-core" */
/** @import { Run } from "../../engine/fake_guest.js" */

import { createServer } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { chromium } from "playwright-core";
import { createNetworkApi } from "../../../js/server/api/app.js";
import { readPage } from "../../../js/server/dashboard/page.js";
import { served } from "../../server/served.js";
import { ARGS, chromiumPath, LAUNCH_TIMEOUT_MS } from "../page.js";

const PATIENCE_MS = 15_000;

/** The browser of all dashboards that are open. @type {Promise<import("playwright-core").Browser> | undefined} */
let shared;
let open = 0;

function takeBrowser() {
  open += 1;
  shared ??= chromium.launch({ executablePath: chromiumPath(), args: ARGS, timeout: LAUNCH_TIMEOUT_MS });
  return shared;
}

async function leaveBrowser() {
  open -= 1;
  if (open > 0) return;
  const browser = await shared;
  shared = undefined;
  await browser?.close();
}

/** @typedef {Awaited<ReturnType<typeof openDashboard>>} Dashboard */

/**
 * @param {Run} run of the workflow `flow`
 * @param {{ policy?: Partial<import("../../../js/server/api/app.js").Policy>, settings?: object, graphs?: any }} [options]
 */
export async function openDashboard(run, { policy = {}, settings = {}, graphs } = {}) {
  const on = await served(run, graphs ? { settings, graphs } : { settings });
  // Here, so that no page waits for the bundler.
  await readPage();
  const browser = await takeBrowser();
  /** @type {{ app?: ReturnType<typeof createNetworkApi> }} */
  const made = {};
  const listen = getRequestListener((request, env) =>
    /** @type {NonNullable<typeof made.app>} */ (made.app).fetch(request, env),
  );
  const server = createServer((request, response) => void listen(request, response));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  const url = `http://127.0.0.1:${port}/cdn-cgi/stepwell/`;
  made.app = createNetworkApi(on.host, {
    tokenRequired: false,
    hosts: [],
    publicUrl: `http://127.0.0.1:${port}`,
    creationsPerSecond: 0,
    ...policy,
  });
  /** @type {string[]} */
  const complaints = [];
  /** @type {import("playwright-core").BrowserContext[]} */
  const contexts = [];
  return {
    ...on,
    url,
    port,
    server,
    complaints,
    /** @param {string} [hash] @param {import("playwright-core").BrowserContextOptions} [options] */
    async open(hash = "", options = {}) {
      const context = await browser.newContext({ reducedMotion: "reduce", ...options });
      contexts.push(context);
      const page = await context.newPage();
      page.setDefaultTimeout(PATIENCE_MS);
      page.on("pageerror", (error) => complaints.push(String(error)));
      page.on("console", (message) => {
        if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
      });
      await page.goto(`${url}${hash}`);
      return page;
    },
    /** Let everything happen that is due. @param {number} [ms] */
    async pass(ms = 0) {
      await on.harness.pass(ms);
    },
    async close() {
      await Promise.all(contexts.map((context) => context.close()));
      await leaveBrowser();
      server.closeAllConnections();
      server.close();
    },
  };
}
