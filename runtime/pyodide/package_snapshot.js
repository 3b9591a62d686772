/**
 * Snapshots with the packages of a deployment imported, so that the next interpreter need not do it.
 *
 * Only packages are in them: the deployment's own modules are imported by each interpreter. There is none where it would not
 * do: where a package draws random numbers, opens files or keeps JavaScript's objects while it is imported. Each is tried
 * before it is kept.
 */

/** @import { Library } from "./libraries.js" */

import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { loadPyodide } from "pyodide";
import { guestFiles, pyodideFolder, snapshotKey } from "./files.js";
import { guestGlobals } from "./globals.js";
import { startFrom } from "./snapshot_memory.js";
import { startInterpreter } from "./interpreter.js";
import { librariesOf, restoreLibraries } from "./libraries.js";
import { mountFolder, showLibraries } from "./mount.js";
import { provideConstants, threadRights } from "./thread_rights.js";
import { cacheFolder, IMPORTS, packShared, store } from "./snapshot.js";
import { enableStackSwitching } from "./v8_flags.js";

/** What `stepwell sync` notes of what it has installed. */
const STAMP = ".stepwell.json";
/** What it leaves there where it has made a snapshot: `py/stepwell/packages/package_folder.py` has the name, too. */
const PREPARED = ".prepared";
/** How long making one may take, in ms: code of packages may never end. */
const MAKE_TIMEOUT_MS = 120_000;
/** Bytes of code: less is imported faster than a snapshot is worth. */
const MIN_CODE_BYTES = 500_000;

/**
 * @typedef {object} Packages
 * @property {string} modules their folder
 * @property {string[]} imports the statements that import what is wanted of them
 *
 * @typedef {{ snapshot: string, libraries: Library[] }} PackageSnapshot
 */

/**
 * Its name in the cache. It depends on the interpreter, the packages with their place, and what is imported of them.
 *
 * @param {Packages} packages
 * @returns {string | undefined} undefined: nothing is imported, it is not worth it, or nobody knows which packages these are
 */
function nameOf({ modules, imports }) {
  const stamp = readStamp(modules);
  if (imports.length === 0 || !(stamp?.bytes >= MIN_CODE_BYTES)) return undefined;
  const hash = createHash("sha256");
  hash.update(JSON.stringify([snapshotKey(guestFiles()), modules, stamp, imports]));
  return `${hash.digest("hex").slice(0, 32)}.packages`;
}

/** @param {string} modules */
function readStamp(modules) {
  try {
    return JSON.parse(readFileSync(join(modules, STAMP), "utf8"));
  } catch {
    return undefined;
  }
}

/** Whether one would make starts faster. @param {Packages} packages */
export function isWorthSnapshot(packages) {
  return nameOf(packages) !== undefined;
}

/** The one that there is. @param {Packages} packages @returns {PackageSnapshot | undefined} */
export function findPackageSnapshot(packages) {
  const name = nameOf(packages);
  const path = name && join(cacheFolder(), `${name}.snapshot`);
  if (!path || !existsSync(path)) return undefined;
  try {
    return { snapshot: path, libraries: JSON.parse(readFileSync(join(cacheFolder(), `${name}.json`), "utf8")) };
  } catch {
    return undefined;
  }
}

/**
 * Make it, and keep it if it is good.
 *
 * @param {Packages} packages
 * @returns {Promise<boolean>} whether there is one now
 */
export async function makePackageSnapshot(packages) {
  const name = nameOf(packages);
  if (!name) return false;
  if (findPackageSnapshot(packages)) return true;
  const made = await inThread({ make: packages });
  if (!made || !(await inThread({ check: packages, ...made }))) return false;
  store(cacheFolder(), `${name}.json`, new TextEncoder().encode(JSON.stringify(made.libraries)));
  store(cacheFolder(), `${name}.snapshot`, new Uint8Array(made.snapshot));
  return true;
}

/** Whether `stepwell sync` has made one, which may be gone. @param {Packages} packages */
export function isPrepared({ modules }) {
  return existsSync(join(modules, PREPARED));
}

/**
 * Make again what `stepwell sync` has made. Where it cannot be made any more, it is not tried again before the next sync.
 *
 * @param {Packages} packages
 */
export async function remakePackageSnapshot(packages) {
  if (await makePackageSnapshot(packages).catch(() => false)) return;
  try {
    rmSync(join(packages.modules, PREPARED), { force: true });
  } catch {
    // The folder cannot be written: it is tried again at the next start.
  }
}

/** @param {object} job @returns {Promise<any>} undefined where it fails */
function inThread(job) {
  enableStackSwitching();
  return new Promise((resolve) => {
    const worker = new Worker(new URL(import.meta.url), {
      workerData: { packageSnapshot: job },
      // Code of packages runs there.
      env: {},
      execArgv: threadRights(),
      stdout: true,
      stderr: true,
      resourceLimits: { stackSizeMb: 64 },
    });
    worker.unref();
    const timer = setTimeout(() => void worker.terminate(), MAKE_TIMEOUT_MS).unref();
    worker.on("message", resolve);
    worker.on("error", () => resolve(undefined));
    worker.on("exit", () => {
      clearTimeout(timer);
      resolve(undefined);
    });
  });
}

/** In the thread. @param {Packages} packages */
async function make({ modules, imports }) {
  const globals = guestGlobals({ console: {} });
  const module = await compiled();
  const pyodide = await startInterpreter({ loadPyodide, makeSnapshot: true, files: guestFiles(), module, globals });
  mountFolder(pyodide.FS, modules);
  showLibraries(pyodide, modules);
  pyodide.runPython(IMPORTS);
  const open = pyodide.FS.streams.filter(Boolean).length;
  const [folder, statements] = [JSON.stringify(modules), JSON.stringify(JSON.stringify(imports))];
  const shareable = pyodide.runPython(
    `import json; from _stepwell_pyodide.preload import preload; preload(${folder}, json.loads(${statements}))`,
  );
  if (!shareable || pyodide.FS.streams.filter(Boolean).length !== open) return undefined;
  return { snapshot: packShared(pyodide.makeMemorySnapshot()), libraries: librariesOf(pyodide._module) };
}

/** In the thread. @param {{ check: Packages } & { snapshot: SharedArrayBuffer, libraries: Library[] }} job */
async function check({ check: { modules, imports }, snapshot, libraries }) {
  const globals = guestGlobals({ console: {} });
  const module = await compiled();
  const pyodide = await startFrom(snapshot, (bytes) =>
    startInterpreter({ loadPyodide, files: guestFiles(), module, snapshot: bytes, globals }),
  );
  mountFolder(pyodide.FS, modules);
  showLibraries(pyodide, modules);
  restoreLibraries(pyodide._module, libraries);
  const statements = JSON.stringify(JSON.stringify(imports));
  pyodide.runPython(`import gc, json\nfor each in json.loads(${statements}): exec(each, {})\ngc.collect()`);
  return true;
}

function compiled() {
  return WebAssembly.compile(readFileSync(join(pyodideFolder(), "pyodide.asm.wasm")));
}

if (!isMainThread && workerData?.packageSnapshot) {
  provideConstants();
  const job = workerData.packageSnapshot;
  parentPort?.postMessage(await (job.make ? make(job.make) : check(job)));
}
