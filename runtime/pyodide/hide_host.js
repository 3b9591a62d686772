/**
 * Takes the ways to the host out of reach of JavaScript that workflows evaluate: Node's globals and modules, and files that
 * are not the deployment's. The interpreter keeps what it has loaded of them before.
 *
 * It keeps secrets from code that looks for them, and is no wall: SECURITY.md says what remains. Behind it, the permission model
 * of Node refuses the thread to write files and to start processes and threads (`thread_rights.js`).
 */

import { isBuiltin, registerHooks } from "node:module";
import { isAbsolute, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { PARSER_FOLDER } from "../handlers/html_parser.js";
import { isHidden } from "./hidden.js";

const GLOBALS = ["process", "require", "module", "exports", "global"];

/**
 * Hide Node from all code that is evaluated in this thread from here on.
 *
 * @param {object} console takes the place of Node's, whose streams lead to the thread's own port
 * @returns {(folder: string) => void} lets modules of a folder be imported
 */
export function hideHost(console) {
  /** @type {string[]} */
  const folders = [];
  registerHooks({
    resolve(specifier, context, next) {
      if (isParsers(specifier, context.parentURL)) return next(specifier, context);
      if (isBuiltin(specifier)) throw new Error(`${specifier} is a module of the host. Workflows cannot import it.`);
      const resolved = next(specifier, context);
      if (resolved.url.startsWith("file:") && !folders.some((folder) => shows(folder, fileURLToPath(resolved.url))))
        throw new Error(`${specifier} is not a file of the deployment.`);
      return resolved;
    },
  });
  for (const name of GLOBALS) Reflect.deleteProperty(globalThis, name);
  Object.assign(globalThis, { console });
  return (folder) => void folders.push(folder);
}

/** Whether a module is loaded for `HTMLRewriter`, which is loaded when it is first needed. @param {string} specifier @param {string | undefined} importer */
function isParsers(specifier, importer) {
  return (
    importer?.startsWith(PARSER_FOLDER) === true ||
    (isAbsolute(specifier) && pathToFileURL(specifier).href.startsWith(PARSER_FOLDER))
  );
}

/** Whether a folder has a file, and no name on the way to it begins with a dot. @param {string} folder @param {string} path */
function shows(folder, path) {
  return path.startsWith(folder + sep) && !path.slice(folder.length).split(sep).some(isHidden);
}
