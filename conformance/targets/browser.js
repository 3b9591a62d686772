/** Python in a page: our engine on SQLite as WebAssembly and Pyodide, both in workers of Chromium. */

/** @import { Browser, Page } from "playwright-core" */
/** @import { Target } from "../scenario.d.ts" */

import { createAdaptorServer } from "@hono/node-server";
import { decode } from "../../bridge/values.js";
import { siteApp } from "../../js/playground/server/serve.js";
import { findChromium, NO_CHROMIUM } from "../browser/chromium.js";
import { suiteSite } from "../browser/site.js";

/** By a name, because an installed wheel does not have it. */
const PLAYWRIGHT = "playwright-core";

/** @type {Browser | undefined} */
let browser;
/** @type {import("@hono/node-server").ServerType | undefined} */
let server;
/** @type {Page} */
let page;

/** @type {Target} */
export default {
  name: "browser",
  language: "python",
  async unavailable() {
    try {
      await import(PLAYWRIGHT);
    } catch {
      return "npm's playwright-core is not installed.";
    }
    return findChromium() ? undefined : NO_CHROMIUM;
  },
  async open(scenarios) {
    const { site, scenarios: modules } = await suiteSite();
    const listening = createAdaptorServer({ fetch: siteApp(site).fetch });
    server = listening;
    await new Promise((resolve) => {
      listening.listen(0, "127.0.0.1", () => resolve(undefined));
    });
    const { port } = /** @type {import("node:net").AddressInfo} */ (listening.address());
    const { chromium } = await import(PLAYWRIGHT);
    browser = await chromium.launch({
      executablePath: findChromium(),
      args: ["--no-sandbox", "--disable-dev-shm-usage"],
    });
    page = await /** @type {Browser} */ (browser).newPage();
    await page.goto(`http://127.0.0.1:${port}/suite.html`);
    await page.waitForFunction(() => "suite" in globalThis);
    const names = scenarios.map(({ name }) => name);
    await page.evaluate(
      ([addresses, wanted]) => /** @type {any} */ (globalThis).suite.open(addresses, wanted),
      [modules, names],
    );
  },
  async run({ name }, { forceReplay }) {
    const run = (/** @type {[string, boolean]} */ [wanted, forced]) =>
      /** @type {any} */ (globalThis).suite.run(wanted, forced);
    return decode(await page.evaluate(run, /** @type {[string, boolean]} */ ([name, forceReplay])));
  },
  async close() {
    await browser?.close();
    server?.close();
  },
};
