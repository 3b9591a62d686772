/** What tests in a browser share: Debian's Chromium, the site, and pages in it. */

/** @import { Browser, BrowserContext, Page } from "playwright-core" */
/** @import { PlaygroundHost } from "../../js/playground/host.d.ts" */
/** @import { SiteFile } from "../../js/playground/server/site.js" */

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getRequestListener } from "@hono/node-server";
import { chromium } from "playwright-core";
import { findChromium, NO_CHROMIUM } from "../../conformance/browser/chromium.js";
import { siteApp } from "../../js/playground/server/serve.js";
import { readSite } from "../../js/playground/server/site.js";

/** A page with nothing to be seen: `host` is a global of it. */
const BARE = `<!doctype html><html lang="en"><title>Bare</title><link rel="icon" href="data:," /><script type="module" src="bare.js"></script></html>`;

/** The browser's own switches that a container needs; `--no-sandbox` because its user is root. */
export const ARGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"];

/** How long a browser may take to start on a busy machine. */
export const LAUNCH_TIMEOUT_MS = 60_000;

/**
 * @typedef {object} Opened
 * @property {Page} page
 * @property {BrowserContext} context
 * @property {string[]} foreign requests that left the page's origin
 * @property {string[]} complaints what the console and uncaught errors have said
 * @property {Promise<never>} failed rejects when the page crashes or throws
 */

/** @returns {string} */
export function chromiumPath() {
  const path = findChromium();
  if (path === undefined) throw new Error(NO_CHROMIUM);
  return path;
}

function launch() {
  return chromium.launch({ executablePath: chromiumPath(), args: ARGS, timeout: LAUNCH_TIMEOUT_MS });
}

/** A browser, a server and what they leave behind. `await using` closes it. */
export class Playground {
  /** @type {Browser} */
  #browser;
  /** @type {import("node:http").Server} */
  #server;
  /** @type {string} */
  url;
  /** @type {BrowserContext[]} */
  #contexts = [];
  /** @type {string[]} */
  #folders = [];

  /**
   * @param {Browser} browser
   * @param {import("node:http").Server} server
   * @param {string} url
   */
  constructor(browser, server, url) {
    this.#browser = browser;
    this.#server = server;
    this.url = url;
  }

  /**
   * @param {object} [options]
   * @param {(site: SiteFile[]) => SiteFile[]} [options.change] the site, as it is to be served
   * @param {(request: Request) => Response | Promise<Response>} [options.answer] in place of our own server
   * @param {string} [options.packages] a folder of packages that workflows can import
   */
  static async start({ change = (site) => site, answer, packages } = {}) {
    // Before all that would keep a process going: where the browser does not start, its reason is all there is.
    const browser = await launch();
    try {
      const app = answer ?? siteApp(change(await readTestSite({ packages }))).fetch;
      const listen = getRequestListener(app);
      const server = createServer((request, response) => void listen(request, response));
      await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
      const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
      return new Playground(browser, server, `http://127.0.0.1:${port}/`);
    } catch (error) {
      await browser.close();
      throw error;
    }
  }

  /**
   * A context of its own: nothing is kept from any other.
   *
   * @param {import("playwright-core").BrowserContextOptions} [options]
   */
  async context(options) {
    const context = await this.#browser.newContext(options);
    this.#contexts.push(context);
    return context;
  }

  /** A browser whose profile is kept on the disk, as people have it. @param {string} [folder] */
  async profile(folder) {
    const place = folder ?? mkdtempSync(join(tmpdir(), "stepwell-profile-"));
    if (!folder) this.#folders.push(place);
    const context = await chromium.launchPersistentContext(place, { executablePath: chromiumPath(), args: ARGS });
    this.#contexts.push(context);
    return { context, folder: place };
  }

  /**
   * Open the playground, or with `path: "bare.html"` only what is behind it.
   *
   * @param {{ context?: BrowserContext, path?: string, init?: () => void }} [options] `init` runs in the page before
   *   anything else
   * @returns {Promise<Opened>}
   */
  async open({ context, path = "", init } = {}) {
    const own = context ?? (await this.context());
    const page = await own.newPage();
    /** @type {string[]} */
    const foreign = [];
    /** @type {string[]} */
    const complaints = [];
    const origin = new URL(this.url).origin;
    own.on("request", (request) => {
      const url = new URL(request.url());
      if (url.origin !== origin && !["blob:", "data:"].includes(url.protocol)) foreign.push(request.url());
    });
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
    });
    const failed = new Promise((_, reject) => {
      page.once("crash", () => reject(new Error("The page crashed.")));
      page.once("pageerror", (error) => reject(new Error(`The page threw: ${error.stack ?? error}`)));
    });
    failed.catch(() => {});
    if (init) await page.addInitScript(init);
    await page.goto(new URL(path, this.url).href);
    return { page, context: own, foreign, complaints, failed: /** @type {Promise<never>} */ (failed) };
  }

  /** Only what is behind the page; settled when Python is ready. @param {Parameters<Playground["open"]>[0]} [options] */
  async bare(options) {
    const opened = await this.open({ path: "bare.html", ...options });
    await Promise.race([ready(opened.page), opened.failed]);
    return opened;
  }

  async close() {
    for (const context of this.#contexts) await context.close();
    await this.#browser.close();
    this.#server.closeAllConnections();
    this.#server.close();
    for (const folder of this.#folders) rmSync(folder, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose]() {
    await this.close();
  }
}

/** Wait until the host of a bare page is ready. @param {Page} page */
export async function ready(page) {
  await page.waitForFunction(() => "host" in globalThis);
  await page.evaluate(() => host.ready());
}

const FLOWS = readFileSync(new URL("flows/main.py", import.meta.url), "utf8");

/** Deploy the workflows of `flows/main.py`. @param {Page} page */
export async function deployFlows(page) {
  return await page.evaluate((source) => host.deploy({ "main.py": source }, "main.py"), FLOWS);
}

/**
 * Create an instance and wait until it has ended.
 *
 * @param {Page} page
 * @param {string} workflow
 * @param {unknown} [params]
 * @returns {Promise<import("../../js/playground/host.d.ts").InstanceDetail>}
 */
export async function run(page, workflow, params = {}) {
  const id = await create(page, workflow, params);
  return await ended(page, workflow, id);
}

/** @param {Page} page @param {string} workflow @param {unknown} [params] @param {string} [id] */
export async function create(page, workflow, params = {}, id) {
  return await page.evaluate(
    ([name, given, own]) => host.create(/** @type {string} */ (name), given, /** @type {any} */ (own)),
    [workflow, params, id],
  );
}

/**
 * Wait until the instance has ended.
 *
 * @param {Page} page
 * @param {string} workflow
 * @param {string} id
 * @returns {Promise<import("../../js/playground/host.d.ts").InstanceDetail>}
 */
export async function ended(page, workflow, id) {
  return await told(page, workflow, id, ["workflow_completed", "workflow_errored", "workflow_terminated"]);
}

/**
 * Wait until one of these events has come, of the step if one is given.
 *
 * @param {Page} page
 * @param {string} workflow
 * @param {string} id
 * @param {string[]} types
 * @param {string} [step] `NAME-COUNT`
 * @returns {Promise<import("../../js/playground/host.d.ts").InstanceDetail>}
 */
export async function told(page, workflow, id, types, step) {
  return await page.evaluate(
    async ({ name, own, wanted, target }) => {
      const last = new Set(["workflow_completed", "workflow_errored", "workflow_terminated"]);
      await new Promise((resolve, reject) => {
        const end = host.subscribe(name, own, (events) => {
          const found = events.some(({ type, stepName }) => wanted.includes(type) && (!target || target === stepName));
          const over = events.find(({ type }) => last.has(type));
          if (!found && !over) return;
          queueMicrotask(() => end());
          if (found) resolve(undefined);
          else reject(new Error(`${own} has ended without ${wanted.join(" or ")}: ${JSON.stringify(over)}`));
        });
      });
      return await host.detail(name, own);
    },
    { name: workflow, own: id, wanted: types, target: step },
  );
}

/** The site, with the bare page in it. @param {Parameters<typeof readSite>[0]} [options] */
export async function readTestSite(options = {}) {
  const site = await readSite(options);
  const module = site.find(({ path }) => path.endsWith("/parts/host.js"));
  const script = `
    import { host } from "./${module?.path}";
    globalThis.refusal = (call) => call.then(
      () => { throw new Error("The call was not refused."); },
      ({ name, message, reason, traceback, problems }) => ({ name, message, reason, traceback, problems }),
    );
    globalThis.host = host;`;
  const bytes = (/** @type {string} */ text) => new TextEncoder().encode(text);
  return [
    ...site,
    { path: "bare.html", type: "text/html", bytes: bytes(BARE), immutable: false },
    { path: "bare.js", type: "text/javascript", bytes: bytes(script), immutable: false },
  ];
}
