/** The files of a deployment that its code may import, and a name for what they say. */

import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { extname, join, relative } from "node:path";
import { WorkflowError } from "../engine/errors.js";
import { packageImports } from "../../runtime/pyodide/imports.js";

/** @typedef {{ root: string, main: string, modules?: string | null }} DeploymentPaths */

/** What can be imported, by the language of the main file. */
const PYTHON = new Set([".py", ".so"]);
const JAVASCRIPT = new Set(".js .mjs .cjs .jsx .ts .mts .cts .tsx .json .wasm .txt .html .sql .bin".split(" "));
/** A folder that somebody keeps everything in is not read to its end. The nearest files come first. */
const MAX_FILES = 2000;
const MAX_ENTRIES = 20_000;

export class Sources {
  /** What was read last, by path: unchanged files are not read again. @type {Map<string, { stamp: string, digest: Buffer }>} */
  #digests = new Map();

  /**
   * A name for what all files of a deployment say now, so that changed code is loaded anew. It depends on their contents and
   * their paths below the root alone.
   *
   * @param {DeploymentPaths} place
   * @returns {string} 32 hexadecimal digits
   */
  version({ root, main, modules }) {
    const hash = createHash("sha256");
    try {
      hash.update(this.#digestOf(main));
    } catch (error) {
      const { code } = /** @type {NodeJS.ErrnoException} */ (error);
      throw new WorkflowError("deployment.not_found", `${main} cannot be read (${code})`);
    }
    for (const path of filesOf(root, extname(main) === ".py" ? PYTHON : JAVASCRIPT)) {
      if (path === main) continue;
      try {
        const digest = this.#digestOf(path);
        hash.update(JSON.stringify(relative(root, path))).update(digest);
      } catch {
        // Gone in the meantime, or not for us: what cannot be read cannot be imported.
      }
    }
    if (modules) hash.update(packagesOf(modules));
    return hash.digest("hex").slice(0, 32);
  }

  /**
   * What the modules of a deployment import of its packages.
   *
   * @param {DeploymentPaths} place
   * @returns {string[]}
   */
  imports({ root, modules }) {
    if (!modules) return [];
    const texts = filesOf(root, new Set([".py"])).map((path) => {
      try {
        return statSync(path).isFile() ? readFileSync(path, "utf8") : "";
      } catch {
        return "";
      }
    });
    return packageImports(texts, modules);
  }

  /** @param {string} path */
  #digestOf(path) {
    const found = statSync(path);
    // To open a FIFO waits for a writer, and a device may never end.
    if (!found.isFile()) throw Object.assign(new Error(`${path} is not a file`), { code: "ENOTFILE" });
    const { mtimeMs, ctimeMs, size, ino } = found;
    const stamp = JSON.stringify([mtimeMs, ctimeMs, size, ino]);
    const known = this.#digests.get(path);
    if (known?.stamp === stamp) return known.digest;
    const digest = createHash("sha256").update(readFileSync(path)).digest();
    this.#digests.set(path, { stamp, digest });
    return digest;
  }
}

/**
 * Breadth first, in an order that does not depend on the file system.
 *
 * @param {string} root
 * @param {Set<string>} suffixes
 */
function filesOf(root, suffixes) {
  const files = [];
  const folders = [root];
  let entries = 0;
  for (const folder of folders) {
    for (const entry of listing(folder)) {
      if (++entries > MAX_ENTRIES || files.length >= MAX_FILES) return files;
      const path = join(folder, entry.name);
      if (entry.isDirectory()) {
        if (isSourceFolder(entry.name, path)) folders.push(path);
      } else if (suffixes.has(extname(entry.name)) && isFile(entry, path)) files.push(path);
    }
  }
  return files;
}

/**
 * Whether it can be read to its end: a pipe or a device among the sources would block the host.
 *
 * @param {import("node:fs").Dirent} entry
 * @param {string} path
 */
function isFile(entry, path) {
  if (!entry.isSymbolicLink()) return entry.isFile();
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** @param {string} folder */
function listing(folder) {
  try {
    return readdirSync(folder, { withFileTypes: true }).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  } catch {
    return [];
  }
}

/**
 * Packages are known by what was installed, and virtual environments are nobody's sources.
 *
 * @param {string} name
 * @param {string} path
 */
function isSourceFolder(name, path) {
  if (name.startsWith(".") || name === "node_modules" || name === "__pycache__") return false;
  return !name.includes("python_modules") && !existsSync(join(path, "pyvenv.cfg"));
}

/**
 * The distributions of a folder of packages, whose folders carry their versions, and the lock they were installed from.
 *
 * @param {string} folder
 */
function packagesOf(folder) {
  const names = listing(folder)
    .map(({ name }) => name)
    .filter((name) => !name.startsWith("."));
  let lock = "";
  try {
    lock = readFileSync(join(folder, ".stepwell.json"), "utf8");
  } catch {
    // Another tool has put them there.
  }
  return JSON.stringify([names, lock]);
}
