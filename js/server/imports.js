/**
 * The files of a deployment that its main file imports, directly or not: the code of a run. It is found by reading, so what is
 * imported by a name that the code makes up is not found, and what the code reads as data is none of it.
 */

/** @import { SourceFile } from "../store/run_file.js" */

import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, extname, join, posix, relative, resolve, sep } from "node:path";

const PYTHON_IMPORT =
  /^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import\b|import[ \t]+([\w., \t]+))|import_module\(\s*["']([\w.]+)["']/gm;
/** What a relative import may leave out. */
const JAVASCRIPT_ENDINGS = ["", ".ts", ".tsx", ".js", ".mjs", ".mts", "/index.ts", "/index.js"];
const JAVASCRIPT_IMPORT = /(?:\bfrom|\bimport|\bimport\(|\brequire\()\s*["'](\.{1,2}\/[^"']+)["']/g;

/**
 * @param {{ root: string, main: string }} deployment
 * @returns {SourceFile[]} the main file first
 */
export function importedFiles({ root, main }) {
  const paths = new Set([main]);
  for (const path of paths) {
    const named = extname(path) === ".py" ? pythonImports(root, path) : javascriptImports(path);
    for (const each of named) if (isInside(root, each)) paths.add(each);
  }
  return [...paths].map((path) => {
    const bytes = readFileSync(path);
    const text = bytes.toString("utf8");
    const isText = Buffer.from(text, "utf8").equals(bytes);
    return {
      path: relative(root, path).split(sep).join(posix.sep),
      encoding: isText ? "utf8" : "base64",
      content: isText ? text : bytes.toString("base64"),
    };
  });
}

/** @param {string} root @param {string} path */
function pythonImports(root, path) {
  const names = [];
  for (const [, from, several, dynamic] of readFileSync(path, "utf8").matchAll(PYTHON_IMPORT)) {
    const modules = from || dynamic ? [from ?? dynamic] : several.split(",").map((each) => each.trim().split(/\s/)[0]);
    // A relative import stays in its package, all of which comes along.
    for (const module of modules) if (!module.startsWith(".")) names.push(module.split(".")[0]);
  }
  return names.flatMap((name) => [`${name}.py`, name].flatMap((each) => files(join(root, each))));
}

/** @param {string} path */
function javascriptImports(path) {
  return [...readFileSync(path, "utf8").matchAll(JAVASCRIPT_IMPORT)].flatMap(([, to]) => {
    const stem = resolve(dirname(path), to);
    // Code that is written for TypeScript's compiler names what the compiler makes.
    const stems = stem.endsWith(".js") ? [stem, stem.slice(0, -3)] : [stem];
    const candidates = stems.flatMap((each) => JAVASCRIPT_ENDINGS.map((ending) => each + ending));
    return candidates.filter((each) => statSync(each, { throwIfNoEntry: false })?.isFile()).slice(0, 1);
  });
}

/**
 * The file, or the Python files of the package, at *path*.
 *
 * @param {string} path
 * @returns {string[]}
 */
function files(path) {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isFile()) return [path];
  if (!found?.isDirectory()) return [];
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => (entry.isDirectory() ? !entry.name.startsWith("__") : entry.name.endsWith(".py")))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => files(join(path, entry.name)));
}

/** @param {string} root @param {string} path */
function isInside(root, path) {
  const way = relative(root, path);
  return way !== "" && !way.startsWith("..");
}
