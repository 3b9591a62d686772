/**
 * The playground as a site: which files of the host tree it is made of, and under which address each is.
 *
 * All is under a folder named after its contents, so that browsers may keep it for ever; only the page itself and the service
 * worker stand outside. Addresses are as in the tree, and what is made of it is in `parts`: see bundle.js.
 */

import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { guestFiles, pyodideVersion, ROOT } from "../../../runtime/pyodide/files.js";
import { snapshotBytes } from "../../../runtime/pyodide/snapshot.js";
import { VERSION } from "../../server/version.js";
import { MODULES } from "../../pages/modules.js";
import { PLAYGROUND_BUNDLES, readBundles } from "../../pages/server/bundle.js";
import { readStyles } from "../../pages/server/styles.js";
import { readExamples } from "./examples.js";
import { packPackages } from "./packages.js";
import { PAGE_POLICY, PYTHON_POLICY, WORKER_POLICY } from "./policy.js";

/** What is served from where it stands. */
const AS_IT_IS = [
  "js/pages/early.js",
  "js/pages/icon.svg",
  "node_modules/@sqlite.org/sqlite-wasm/dist/index.mjs",
  "node_modules/@sqlite.org/sqlite-wasm/dist/sqlite3.wasm",
  "node_modules/pyodide/pyodide.mjs",
  "node_modules/pyodide/pyodide.asm.mjs",
  "node_modules/pyodide/pyodide.asm.wasm",
  "node_modules/pyodide/python_stdlib.zip",
  "node_modules/pyodide/pyodide-lock.json",
];
/** Whose packages' work is in the site: those that the page names, and those that modules import by their place. */
const PACKAGES = [
  ...new Set(Object.values(MODULES).map(packageOf)),
  "@sqlite.org/sqlite-wasm",
  "comlink",
  "croner",
  "pyodide",
];
const LICENCE = /^(licen[cs]e|copying|notice)/i;
const PAGE = "js/playground/page/index.html";
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
  const licences = PACKAGES.flatMap((name) =>
    readdirSync(join(ROOT, "node_modules", name))
      .filter((each) => LICENCE.test(each))
      .map((each) => `node_modules/${name}/${each}`),
  );
  return [...AS_IT_IS, ...licences].map((path) => file(path, { source: join(ROOT, path) }));
}

/** @param {string} path in `node_modules` */
function packageOf(path) {
  return path
    .split("/")
    .slice(0, path.startsWith("@") ? 2 : 1)
    .join("/");
}

/** What is made of the tree: the interpreter's snapshot, and lists of what there is. @param {string} [packages] */
async function madeFiles(packages) {
  const guest = guestFiles();
  const snapshot = await snapshotBytes();
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
    ...Object.entries(await readBundles(PLAYGROUND_BUNDLES)).map(([name, code]) =>
      file(`parts/${name}`, { bytes: utf8(code) }),
    ),
    file("parts/page.css", { bytes: utf8(readStyles(["editor"])) }),
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
  // In one pass: an address that has been replaced begins as one that has not.
  const places = {
    "../../pages/": "js/pages/",
    "./": "js/playground/page/",
    "../": "js/playground/",
    "parts/": "parts/",
  };
  return readFileSync(join(ROOT, PAGE), "utf8").replaceAll(
    /(href|src)="(\.\.\/\.\.\/pages\/|\.\/|\.\.\/|parts\/)/g,
    (_, attribute, /** @type {keyof typeof places} */ place) => `${attribute}="./${folder}/${places[place]}`,
  );
}

/** @param {string} text */
function utf8(text) {
  return new TextEncoder().encode(text);
}
