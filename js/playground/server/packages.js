/** The packages that `stepwell sync` has installed for a project, as one archive that every interpreter unpacks. */

import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
// By its place: its types for Node ask for more than there is.
import { zipSync } from "../../../node_modules/fflate/esm/browser.js";

/** The first day that a zip knows, so that the same files make the same archive. */
const NEVER = new Date(1980, 0, 2);
/** What is no part of a package. */
const LEFT_OUT = /(^|\/)(__pycache__|\.stepwell\.json|\.prepared|\.lock)(\/|$)/;

/**
 * Links are left out, wherever they lead: what they lead to is not a part of the project, and the site is for pages.
 *
 * @param {string} folder `python_modules`
 * @returns {Uint8Array}
 * @throws {Error} with a code: the folder cannot be read
 */
export function packPackages(folder) {
  try {
    if (lstatSync(folder).isSymbolicLink()) throw new Error("it is a link");
    const paths = filesBelow(folder)
      .filter((path) => !LEFT_OUT.test(path))
      .toSorted();
    const files = Object.fromEntries(paths.map((path) => [path, new Uint8Array(readFileSync(join(folder, path)))]));
    return zipSync(files, { level: 6, mtime: NEVER });
  } catch (error) {
    const { message } = /** @type {Error} */ (error);
    throw Object.assign(new Error(`The packages in ${folder} cannot be read (${message}).`), {
      code: "packages.unreadable",
    });
  }
}

/**
 * Node's own recursive reading follows links to folders.
 *
 * @param {string} folder
 * @param {string} [prefix]
 * @returns {string[]} paths from the folder
 */
function filesBelow(folder, prefix = "") {
  return readdirSync(join(folder, prefix), { withFileTypes: true }).flatMap((entry) => {
    const path = `${prefix}${entry.name}`;
    if (entry.isDirectory()) return filesBelow(folder, `${path}/`);
    return entry.isFile() ? [path] : [];
  });
}
