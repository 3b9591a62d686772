/** What the suite's page is served besides the playground. */

/** @import { SiteFile } from "../../js/playground/server/site.js" */

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readSite } from "../../js/playground/server/site.js";

const CONFORMANCE = fileURLToPath(new URL("../", import.meta.url));
const NOT_IN_A_PAGE = /(^|\/)(site|main|local|compare|table)\.js$|^targets\//;

/** @returns {Promise<{ site: SiteFile[], scenarios: string[] }>} `scenarios` are addresses of their modules */
export async function suiteSite() {
  const site = await readSite();
  const tree = /** @type {SiteFile} */ (site.find(({ path }) => path.endsWith("js/engine/engine.js"))).path;
  const folder = `${tree.slice(0, -"js/engine/engine.js".length)}conformance`;
  const own = readdirSync(CONFORMANCE, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".js") && !NOT_IN_A_PAGE.test(path))
    .map((path) => ({
      path: `${folder}/${path}`,
      type: "text/javascript",
      source: join(CONFORMANCE, path),
      immutable: false,
    }));
  const html = `<!doctype html><link rel="icon" href="data:," /><script type="module" src="/${folder}/browser/page.js"></script>`;
  const bytes = new TextEncoder().encode(html);
  const scenarios = own.filter(({ path }) => path.startsWith(`${folder}/scenarios/`)).map(({ path }) => `/${path}`);
  return { site: [...site, ...own, { path: "suite.html", type: "text/html", bytes, immutable: false }], scenarios };
}
