/** How esbuild bundles the modules of a Worker: the options that Cloudflare's own tool gives it. */

import { builtinModules } from "node:module";

/**
 * @typedef {object} BundleRequest
 * @property {string} root folder of the deployment, absolute
 * @property {string} main its main file, absolute
 * @property {string[]} modules paths of the modules of the project that are known, absolute
 * @property {Record<string, string>} [alias] modules that are taken in place of others
 * @property {Record<string, string>} [define] expressions by the name that they replace
 */

/** What becomes of files that are no code, by extension. The runtime imports copies by hooks of its own. */
const LOADERS = {
  ".js": "jsx",
  ".mjs": "jsx",
  ".cjs": "jsx",
  ".txt": "text",
  ".html": "text",
  ".sql": "text",
  ".wasm": "copy",
  ".bin": "copy",
};
const DEFINITIONS = { "process.env.NODE_ENV": '"development"', "global.process.env.NODE_ENV": '"development"' };
/** CommonJS modules in a bundle may require what Node has built in. */
const BANNER = `import { createRequire } from "node:module"; const require = createRequire(import.meta.url);`;

/**
 * @param {BundleRequest} request
 * @param {string} folder where the bundle goes
 */
export function esbuildArguments({ alias = {}, define = {} }, folder) {
  return [
    "--bundle",
    "--format=esm",
    "--target=es2024",
    "--keep-names",
    "--conditions=workerd,worker,browser",
    "--log-level=error",
    "--color=false",
    "--sourcemap=inline",
    `--banner:js=${BANNER}`,
    `--outdir=${folder}`,
    "--out-extension:.js=.mjs",
    ...["cloudflare:*", "node:*", ...builtinModules].map((name) => `--external:${name}`),
    ...Object.entries(LOADERS).map(([extension, loader]) => `--loader:${extension}=${loader}`),
    ...Object.entries({ ...DEFINITIONS, ...define }).map(([name, value]) => `--define:${name}=${value}`),
    ...Object.entries(alias).map(([from, to]) => `--alias:${from}=${to}`),
  ];
}
