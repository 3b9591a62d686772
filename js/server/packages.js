/** Where the packages of a deployment are: a folder for each runtime, named as Cloudflare names its own. */

import { statSync } from "node:fs";
import { dirname, extname, join } from "node:path";

const FOLDER = "python_modules";

/**
 * The folder with the packages that were installed for a runtime: the file's own, else the project's. `stepwell sync` makes
 * them; `py/stepwell/packages/package_folder.py` has the same names.
 *
 * @param {string} main the file that has the workflows, absolute
 * @param {string} runtime
 * @returns {string | null} null: there is none
 */
export function modulesFolder(main, runtime) {
  const name = runtime === "pyodide" ? FOLDER : `${FOLDER}-${runtime}`;
  const own = `${main.slice(0, main.length - extname(main).length)}.${name}`;
  if (isThere(own)) return own;
  for (let folder = dirname(main); ; folder = dirname(folder)) {
    if (isThere(join(folder, name))) return join(folder, name);
    if (folder === dirname(folder) || isThere(join(folder, "pyproject.toml"))) return null;
  }
}

/** @param {string} path */
function isThere(path) {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}
