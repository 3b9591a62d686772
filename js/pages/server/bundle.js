/**
 * The page and its workers, each as one file with all of its modules and packages: a browser asks for each file of its own, and
 * a hundred of them cost more than what is in them.
 *
 * They are made when Stepwell is built or installed, and again by whoever reads them after a source has changed, but for those of a
 * wheel, which has no bundler: `node bundle.js --final`. That is rollup, in its WebAssembly package: one for all platforms,
 * which it is until 4.62.2.
 */

import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath, pathToFileURL } from "node:url";
import { ROOT } from "../../../runtime/pyodide/files.js";
import { MODULES } from "../modules.js";

/**
 * A set of bundles: where it is kept, and what is put together, by the name of what comes of it. Those of one line may import
 * each other.
 *
 * @typedef {{ kept: string, entries: Record<string, string>[] }} BundleSet
 */

/** @type {BundleSet} */
const DASHBOARD_BUNDLES = {
  kept: join(ROOT, "bundles/dashboard.json"),
  entries: [{ dashboard: "js/dashboard/page/main.js" }],
};
/** @type {Record<string, string>[]} */
const PLAYGROUND_ENTRIES = [
  { host: "js/playground/engine/host.js", page: "js/playground/page/main.js" },
  { worker: "js/playground/engine/worker.js" },
  { engine: "js/playground/engine/serve.js" },
  { python: "runtime/browser/worker.js" },
];
/** @type {BundleSet} */
export const PLAYGROUND_BUNDLES = { kept: join(ROOT, "bundles/playground.json"), entries: PLAYGROUND_ENTRIES };
/** They look for their WebAssembly beside themselves. */
const APART = /\/node_modules\/(?:@sqlite\.org|pyodide)\//;
/** What decides besides the modules. */
const RULES = ["package.json", "js/pages/modules.js", "js/pages/server/bundle.js"];

/**
 * @typedef {object} Bundles
 * @property {Record<string, string>} files modules by their names, for one folder below the tree's root
 * @property {string[]} sources paths in the tree of all that they are made of; none where that will not change any more
 */

/**
 * @param {BundleSet} set kept with the hash of their sources
 * @returns {Promise<Bundles["files"]>}
 * @throws a source has changed, and there is no rollup, or it cannot be understood
 */
export async function readBundles({ kept, entries }) {
  const known = readKept(kept);
  if (known) return known;
  const made = await makeBundles(entries);
  keep(kept, made);
  return made.files;
}

/**
 * The dashboard's for a process that cannot have the bundler in it: another one puts the modules together.
 *
 * @returns {Promise<Bundles["files"]>}
 * @throws as `readBundles`
 */
export async function readDashboardBundles() {
  const { kept } = DASHBOARD_BUNDLES;
  const known = readKept(kept);
  if (known) return known;
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), "--dashboard"], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const [complaints] = await Promise.all([text(child.stderr), once(child, "close")]);
  const made = readKept(kept);
  if (made) return made;
  throw Object.assign(new Error(`The pages cannot be put together: ${complaints.trim().slice(0, 500)}`), {
    code: "pages.changed",
  });
}

/** @param {string} kept @returns {Bundles["files"] | undefined} undefined if no bundles are kept, or a source has changed */
function readKept(kept) {
  try {
    const { files, sources, hash } = JSON.parse(readFileSync(kept, "utf8"));
    return hash === hashOf(sources) ? files : undefined;
  } catch {
    // There are none, or a source is gone.
    return undefined;
  }
}

/** How often bundles are made anew because a source has changed meanwhile. */
const MOST_TRIES = 3;

/** @param {Record<string, string>[]} entries @returns {Promise<Bundles>} of sources that have not changed meanwhile */
async function makeBundles(entries) {
  for (let tries = 1; ; tries++) {
    const begun = Date.now();
    const parts = await Promise.all(entries.map(bundle));
    const sources = [...RULES, ...new Set(parts.flatMap((part) => part.sources))];
    if (tries === MOST_TRIES || !sources.some((path) => statSync(join(ROOT, path)).mtimeMs >= begun))
      return { files: Object.assign({}, ...parts.map(({ files }) => files)), sources };
  }
}

/** @param {Record<string, string>} entries paths in the tree @returns {Promise<Bundles>} */
export async function bundle(entries) {
  const { rollup } = await import("@rollup/wasm-node").catch(missing);
  const made = await rollup({
    input: Object.fromEntries(Object.entries(entries).map(([name, path]) => [name, join(ROOT, path)])),
    preserveEntrySignatures: "allow-extension",
    plugins: [OURS],
    onLog(level, { message }) {
      if (level === "warn") throw new Error(message);
    },
  });
  const { output } = await made.generate({
    entryFileNames: "[name].js",
    chunkFileNames: "[name].js",
    minifyInternalExports: false,
    paths: (id) => `../${pathOf(id)}`,
  });
  await made.close();
  return {
    files: Object.fromEntries(output.flatMap((each) => (each.type === "chunk" ? [[each.fileName, each.code]] : []))),
    sources: made.watchFiles.map(pathOf),
  };
}

/** @param {unknown} cause @returns {never} */
function missing(cause) {
  if (/** @type {any} */ (cause).code !== "ERR_MODULE_NOT_FOUND") throw cause;
  const message =
    "The sources of the pages have changed, and rollup is not here to put them together: install Stepwell again.";
  throw Object.assign(new Error(message, { cause }), { code: "pages.changed" });
}

/** @type {import("@rollup/wasm-node").Plugin} */
const OURS = {
  name: "stepwell",
  resolveId(name, from) {
    const path = name in MODULES ? join(ROOT, "node_modules", MODULES[name]) : resolve(dirname(from ?? ROOT), name);
    return APART.test(path) ? { id: path, external: "absolute" } : path;
  },
  transform: (code, id) => (id.endsWith(".json") ? { code: `export default ${code};`, map: null } : null),
  // Addresses are relative to where the module stands in the tree.
  resolveImportMeta: (property, { moduleId }) =>
    property === "url" ? `new URL("../${pathOf(moduleId)}", import.meta.url).href` : null,
};

/** @param {string} id */
function pathOf(id) {
  return id.slice(ROOT.length);
}

/** @param {string[]} sources */
function hashOf(sources) {
  const hash = createHash("sha256");
  for (const path of sources) hash.update(`${path}\0`).update(readFileSync(join(ROOT, path)));
  return hash.digest("hex");
}

/** @param {string} path @param {Bundles} made */
function keep(path, made) {
  const draft = `${path}.${process.pid}`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(draft, JSON.stringify({ ...made, hash: hashOf(made.sources) }));
    renameSync(draft, path);
  } catch {
    // Where nothing can be written they are made each time.
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const [, , option] = process.argv;
  const sets = option === "--dashboard" ? [DASHBOARD_BUNDLES] : [PLAYGROUND_BUNDLES, DASHBOARD_BUNDLES];
  for (const set of sets) {
    if (option === "--final") keep(set.kept, { ...(await makeBundles(set.entries)), sources: [] });
    else await readBundles(set);
  }
}
