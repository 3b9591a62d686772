/** What the suite's page is served besides the playground. */

/** @import { SiteFile } from "../../js/playground/server/site.js" */

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readSite } from "../../js/playground/server/site.js";

const TREE = fileURLToPath(new URL("../../", import.meta.url));
/** Folders with what the suite's modules import, from where it stands; the playground's own site has it put together. */
const FOLDERS = ["bridge", "conformance", "js/engine", "js/server", "js/store", "runtime"];
const PACKAGES = ["comlink/dist/esm/comlink.mjs", "croner/dist/croner.js"];

/** @returns {Promise<{ site: SiteFile[], scenarios: string[] }>} `scenarios` are addresses of their modules */
export async function suiteSite() {
  const site = await readSite();
  const { path: version } = /** @type {SiteFile} */ (site.find(({ immutable }) => immutable));
  const folder = version.split("/").slice(0, 2).join("/");
  const modules = FOLDERS.flatMap((name) =>
    readdirSync(join(TREE, name), { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(".js"))
      .map((path) => `${name}/${path}`),
  );
  const own = [...modules, ...PACKAGES.map((path) => `node_modules/${path}`)].map((path) => ({
    path: `${folder}/${path}`,
    type: "text/javascript",
    source: join(TREE, path),
    immutable: false,
  }));
  const html = `<!doctype html><link rel="icon" href="data:," /><script type="module" src="/${folder}/conformance/browser/page.js"></script>`;
  const bytes = new TextEncoder().encode(html);
  const scenarios = own
    .map(({ path }) => `/${path}`)
    .filter((path) => path.startsWith(`/${folder}/conformance/scenarios/`));
  return { site: [...site, ...own, { path: "suite.html", type: "text/html", bytes, immutable: false }], scenarios };
}
