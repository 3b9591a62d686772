/** Which esbuild bundles: the project's own, a native program, or the one that came with Stepwell, which is WebAssembly and slower. */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** Packages of a project that bring esbuild along, where npm has not put it beside them. */
const BRINGERS = ["wrangler", "vite", "tsx", "tsup"];
/** The first version that knows all options that the bundler gives. */
const OLDEST = [0, 17];

/**
 * @param {string} root folder of the project
 * @returns {string[]} a program with its first arguments
 */
export function findEsbuild(root) {
  const require = createRequire(join(root, "package.json"));
  const found = nativeEsbuild(require) ?? BRINGERS.map((name) => broughtBy(require, name)).find(Boolean);
  if (found) return [found];
  const carried = dirname(createRequire(import.meta.url).resolve("esbuild-wasm/package.json"));
  return [process.execPath, join(carried, "bin", "esbuild")];
}

/** @param {NodeJS.Require} require @param {string} name */
function broughtBy(require, name) {
  const path = resolved(require, `${name}/package.json`);
  return path && nativeEsbuild(createRequire(path));
}

/** @param {NodeJS.Require} require of a module that may have esbuild beside it */
function nativeEsbuild(require) {
  const path = resolved(require, "esbuild/package.json");
  if (!path || !isNewEnough(path)) return undefined;
  const { arch, platform } = process;
  const program = platform === "win32" ? "esbuild.exe" : "bin/esbuild";
  return resolved(createRequire(path), `@esbuild/${platform}-${arch}/${program}`);
}

/** @param {string} path of its package.json */
function isNewEnough(path) {
  const [major = 0, minor = 0] = String(JSON.parse(readFileSync(path, "utf8")).version)
    .split(".")
    .map(Number);
  return major > OLDEST[0] || minor >= OLDEST[1];
}

/** @param {NodeJS.Require} require @param {string} name */
function resolved(require, name) {
  try {
    return require.resolve(name);
  } catch {
    return undefined;
  }
}
