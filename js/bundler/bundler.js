/** Bundles the modules of a Worker, as Cloudflare's own tool does before it deploys them. */

import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { esbuildArguments } from "./arguments.js";
import { findEsbuild } from "./find_esbuild.js";

/** @import { BundleRequest } from "./arguments.js" */

/** Longer than the slowest machine takes for the largest Worker. */
const TIME_LIMIT_MS = 300_000;
const MAX_OUTPUT_BYTES = 1024 * 1024;
/** The variables that esbuild gets of the host's environment. It gets no secrets. */
const ENVIRONMENT = ["PATH", "HOME", "TMPDIR", "LANG", "SYSTEMROOT", "TEMP"];
/** The name that esbuild gives to the bundle of its standard input. */
const BUNDLE = "stdin.mjs";

/** The modules of a Worker cannot be bundled. The message names file and line. */
export class BundleError extends Error {}

/**
 * @param {BundleRequest} request
 * @param {string} name a name for what the files say now
 * @param {string} cache folder of bundles
 * @returns {Promise<string>} path of the bundle, an ES module
 * @throws {BundleError}
 */
export async function bundle(request, name, cache) {
  mkdirSync(cache, { recursive: true, mode: 0o700 });
  // Another process may make the same bundle. A folder is moved to its place only when it is complete.
  const part = mkdtempSync(join(cache, "part-"));
  try {
    await runEsbuild(request, part);
    const folder = join(cache, name);
    rmSync(folder, { recursive: true, force: true });
    // The map names sources relative to the bundle's folder, whose place changes by its last name only.
    renameSync(part, folder);
    return join(folder, BUNDLE);
  } finally {
    rmSync(part, { recursive: true, force: true });
  }
}

/** @param {BundleRequest} request @param {string} folder @returns {Promise<void>} */
function runEsbuild(request, folder) {
  const [program, ...first] = findEsbuild(request.root);
  const visible = ENVIRONMENT.filter((name) => process.env[name] !== undefined).map((name) => [
    name,
    process.env[name],
  ]);
  const options = {
    cwd: request.root,
    env: Object.fromEntries(visible),
    timeout: TIME_LIMIT_MS,
    maxBuffer: MAX_OUTPUT_BYTES,
  };
  return new Promise((resolve, reject) => {
    const child = execFile(program, [...first, ...esbuildArguments(request, folder)], options, (error, _, stderr) => {
      if (error) reject(new BundleError(textOf(stderr) || error.message));
      else resolve();
    });
    // One that ends before it has read all has said why.
    child.stdin?.on("error", () => {});
    child.stdin?.end(entryOf(request));
  });
}

/** What esbuild says is wrong, without the options of its own that it advises. @param {string} stderr */
function textOf(stderr) {
  return stderr
    .replaceAll("✘ [ERROR] ", "")
    .replace(/^ +You can mark the path .*\n?/gm, "")
    .trim();
}

/**
 * The entry imports the main file and, each under a name of its own, the modules of the project, so that an error of a class
 * that one of them exports can be made anew of its stored form.
 *
 * @param {BundleRequest} request
 */
function entryOf({ root, main, modules }) {
  const names = modules.map((path) => JSON.stringify(relative(root, path).split(sep).join("/")));
  return [
    `export * from ${JSON.stringify(main)};`,
    `import * as main from ${JSON.stringify(main)};`,
    // `export *` leaves the default export out. Of a main file that has none it is undefined.
    "export default main.default;",
    ...modules.map((path, index) => `import * as module${index} from ${JSON.stringify(path)};`),
    `export const __stepwell_modules = { ${names.map((name, index) => `${name}: module${index}`).join(", ")} };`,
  ].join("\n");
}
