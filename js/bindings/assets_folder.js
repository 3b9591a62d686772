/** What a folder of static assets may hold: everybody reads all of it, so nothing secret and no link out of it. */

import { existsSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { join, sep } from "node:path";

/** Files and folders with secrets, states and histories. */
const SECRET = /^(\.dev\.vars|\.env)(\..+)?$|^\.(stepwell|wrangler|git)$/;
/** Names and patterns of what is not served. */
const IGNORE = ".assetsignore";

/**
 * Why a folder cannot be served: a link leads out of it, into one of its own parents, or nowhere; or it has secrets in it that
 * `.assetsignore` does not name.
 *
 * @param {string} directory
 * @returns {string | undefined} a sentence; undefined: it can be served
 */
export function folderProblem(directory) {
  const root = realpathSync(directory);
  const cannot = `The folder of assets ${directory} cannot be served:`;
  const ignored = ignoredIn(root);
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.parentPath === root && SECRET.test(entry.name) && !ignored.has(entry.name))
      return `${cannot} it holds ${entry.name}, which everybody could read. Use a folder of its own for assets, or name it in ${IGNORE}.`;
    const why = entry.isSymbolicLink() ? problemOf(path, root) : undefined;
    if (why) return `${cannot} link ${path} leads ${why}. Remove it, or copy there what it leads to.`;
  }
  return undefined;
}

/** The names that stand in the folder's list, without slashes around them. @param {string} root */
function ignoredIn(root) {
  const path = join(root, IGNORE);
  const lines = existsSync(path) ? readFileSync(path, "utf8").split(/\r?\n/) : [];
  return new Set(lines.map((line) => line.trim().replace(/^\/|\/$/g, "")));
}

/** @param {string} path of a link @param {string} root */
function problemOf(path, root) {
  const target = targetOf(path);
  if (target === undefined) return "nowhere";
  if (!isInside(target, root)) return `out of the folder, to ${target}`;
  return isInside(path, target) ? "into a folder that it is in" : undefined;
}

/** @param {string} path */
function targetOf(path) {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

/** @param {string} path @param {string} folder */
function isInside(path, folder) {
  return path === folder || path.startsWith(folder + sep);
}
