/**
 * The playground as a site: which files of the host tree it is made of, and under which address each is.
 *
 * The tree is served as it is under a folder named after its contents, so that browsers may keep it for ever; only the page
 * itself and the service worker stand outside. What the page starts with is put together out of it: see bundle.js.
 */

import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { packSnapshot } from "../../../runtime/browser/image.js";
import { guestFiles, pyodideVersion, ROOT } from "../../../runtime/pyodide/files.js";
import { snapshotBytes } from "../../../runtime/pyodide/snapshot.js";
import { VERSION } from "../../server/version.js";
import { MODULES } from "../modules.js";
import { readBundles } from "./bundle.js";
import { readExamples } from "./examples.js";
import { packPackages } from "./packages.js";
import { PAGE_POLICY, PYTHON_POLICY, WORKER_POLICY } from "./policy.js";

/** Folders whose modules, styles and pictures are served. */
const FOLDERS = ["bridge", "js/engine", "js/playground/engine", "js/playground/page", "js/store", "runtime/browser"];
const FILES = [
  "js/playground/remedy.js",
  "js/server/clock.js",
  "js/server/cron.js",
  "runtime/background.js",
  "runtime/control.js",
  "runtime/isolate.js",
  "runtime/lodger.js",
  "runtime/pool.js",
  "runtime/watchdog.js",
  "runtime/pyodide/globals.js",
  "runtime/pyodide/interpreter.js",
  "runtime/pyodide/thread.js",
];
/** What is taken from `node_modules` by its place. */
const WORKED = [
  "comlink/dist/esm/comlink.mjs",
  "croner/dist/croner.js",
  "@sqlite.org/sqlite-wasm/dist/index.mjs",
  "@sqlite.org/sqlite-wasm/dist/sqlite3.wasm",
  "pyodide/pyodide.mjs",
  "pyodide/pyodide.asm.mjs",
  "pyodide/pyodide.asm.wasm",
  "pyodide/python_stdlib.zip",
  "pyodide/pyodide-lock.json",
];
const SERVED = /\.(css|js|json|mjs|png|py|svg|wasm|woff2|zip)$/;
const NOT_IN_A_PAGE = new Set(["js/store/node_driver.js"]);
const LICENCE = /^(licen[cs]e|copying|notice)/i;
const PAGE = "js/playground/page/index.html";
/** In the order in which later ones win. */
const STYLES = ["tokens", "base", "controls", "layout", "editor", "instances", "timeline", "graph", "data", "dialog"];
const WASM = "node_modules/pyodide/pyodide.asm.wasm";
const STDLIB = "node_modules/pyodide/python_stdlib.zip";

/** @type {Record<string, string>} */
const TYPES = {
  css: "text/css; charset=utf-8",
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  json: "application/json",
  mjs: "text/javascript; charset=utf-8",
  png: "image/png",
  py: "text/x-python; charset=utf-8",
  svg: "image/svg+xml",
  wasm: "application/wasm",
  woff2: "font/woff2",
  zip: "application/zip",
};

/**
 * One file of the site: either a file on the disk or its bytes.
 *
 * @typedef {object} SiteFile
 * @property {string} path its address, relative to the site
 * @property {string} type
 * @property {string} [source] where it is on the disk
 * @property {Uint8Array} [bytes]
 * @property {boolean} immutable whether its address changes with its contents
 * @property {string} [policy] its Content-Security-Policy
 */

/**
 * @param {{ packages?: string | undefined }} [options] a folder of packages that workflows can import
 * @returns {Promise<SiteFile[]>}
 */
export async function readSite({ packages } = {}) {
  const tree = [...treeFiles(), ...(await madeFiles(packages))];
  const folder = `v/${hashOf(tree)}`;
  const page = pageOf(folder);
  const worker = readFileSync(join(ROOT, "js/playground/engine/service_worker.js"), "utf8");
  const policies = { page: PAGE_POLICY, worker: WORKER_POLICY, python: PYTHON_POLICY };
  return [
    file("index.html", { bytes: utf8(page), policy: policies.page }),
    file("service_worker.js", {
      bytes: utf8(worker.replace("const POLICIES = {};", `const POLICIES = ${JSON.stringify(policies)};`)),
    }),
    ...tree.map(({ path, ...rest }) => file(`${folder}/${path}`, { ...rest, immutable: true, policy: policyOf(path) })),
  ];
}

/** @param {string} path */
function policyOf(path) {
  return path === "parts/python.js" ? PYTHON_POLICY : WORKER_POLICY;
}

/**
 * @param {string} path
 * @param {Partial<SiteFile>} rest
 * @returns {SiteFile}
 */
function file(path, rest) {
  const type = TYPES[path.slice(path.lastIndexOf(".") + 1)] ?? "application/octet-stream";
  return { path, type, immutable: false, ...rest };
}

/** What stands in the host tree. */
function treeFiles() {
  const own = FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" }).map((name) => `${folder}/${name}`),
  ).filter((path) => SERVED.test(path) && !(path.startsWith("bridge/") && path.endsWith(".py")));
  const packages = new Set(
    [...WORKED, ...Object.values(MODULES)].map((path) =>
      path
        .split("/")
        .slice(0, path.startsWith("@") ? 2 : 1)
        .join("/"),
    ),
  );
  const licences = [...packages].flatMap((name) =>
    readdirSync(join(ROOT, "node_modules", name))
      .filter((each) => LICENCE.test(each))
      .map((each) => `${name}/${each}`),
  );
  const paths = [...own, ...FILES, ...[...WORKED, ...licences].map((path) => `node_modules/${path}`)];
  return [...new Set(paths)]
    .filter((path) => !NOT_IN_A_PAGE.has(path))
    .toSorted()
    .map((path) => file(path, { source: join(ROOT, path) }));
}

/** What is made of the tree: the interpreter's snapshot, and lists of what there is. @param {string} [packages] */
async function madeFiles(packages) {
  const guest = guestFiles();
  const snapshot = packSnapshot(await snapshotBytes());
  const packed = packages === undefined ? undefined : packPackages(packages);
  const sizes = {
    module: statSync(join(ROOT, WASM)).size,
    snapshot: snapshot.length,
    stdlib: statSync(join(ROOT, STDLIB)).size,
    ...(packed ? { packages: packed.length } : {}),
  };
  const versions = { stepwell: VERSION, pyodide: pyodideVersion() };
  return [
    file("parts/sizes.json", { bytes: utf8(JSON.stringify(sizes)) }),
    file("parts/guest.json", { bytes: utf8(JSON.stringify(guest)) }),
    ...Object.entries(await readBundles()).map(([name, code]) => file(`parts/${name}`, { bytes: utf8(code) })),
    file("parts/page.css", { bytes: utf8(styles()) }),
    file("parts/versions.json", { bytes: utf8(JSON.stringify(versions)) }),
    file("parts/examples.json", { bytes: utf8(JSON.stringify(readExamples())) }),
    file("parts/python.snapshot", { bytes: snapshot }),
    ...(packed ? [file("parts/packages.zip", { bytes: packed })] : []),
  ];
}

/** @param {SiteFile[]} files */
function hashOf(files) {
  const hash = createHash("sha256");
  for (const { path, source, bytes } of files) {
    hash.update(`${path}\0`);
    hash.update(source === undefined ? /** @type {Uint8Array} */ (bytes) : readFileSync(source));
  }
  return hash.digest("hex").slice(0, 16);
}

/** The page, with its addresses as they are in the site. @param {string} folder */
function pageOf(folder) {
  return readFileSync(join(ROOT, PAGE), "utf8")
    .replaceAll(/(href|src)="\.\//g, `$1="./${folder}/js/playground/page/`)
    .replaceAll(/(href|src)="\.\.\//g, `$1="./${folder}/js/playground/`)
    .replaceAll('src="parts/', `src="./${folder}/parts/`)
    .replaceAll('href="parts/', `href="./${folder}/parts/`);
}

function styles() {
  return STYLES.map((name) => readFileSync(join(ROOT, `js/playground/page/css/${name}.css`), "utf8")).join("\n");
}

/** @param {string} text */
function utf8(text) {
  return new TextEncoder().encode(text);
}
