/** How the modules of a deployment find each other, and the modules that Cloudflare's runtime has built in. */

import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";

/** @type {Record<string, string>} */
const BUILT_IN = {
  "cloudflare:email": new URL("email.js", import.meta.url).href,
  "cloudflare:workers": new URL("workers.js", import.meta.url).href,
  "cloudflare:workflows": new URL("workflows.js", import.meta.url).href,
};

const READ = 'import { readFileSync } from "node:fs";';
/** @param {string} path */
const asText = (path) => `${READ} export default readFileSync(${JSON.stringify(path)}, "utf8");`;

/** Modules for files that are no code, by extension: text, bytes and WebAssembly, as Cloudflare's tool has them. @type {Record<string, (path: string) => string>} */
const READERS = {
  ".txt": asText,
  ".html": asText,
  ".sql": asText,
  ".bin": (path) => `${READ} export default new Uint8Array(readFileSync(${JSON.stringify(path)})).buffer;`,
  ".wasm": (path) => `${READ} export default new WebAssembly.Module(readFileSync(${JSON.stringify(path)}));`,
};

/** What a bundler adds to a relative path that has no extension, in its order. */
const EXTENSIONS = [".ts", ".js", ".mjs", ".mts", "/index.ts", "/index.js"];

/** The files that have been imported, as URLs. @type {Set<string>} */
export const imported = new Set();

/** Which edition of the deployment's modules is imported: modules below `folders` (URLs) are evaluated anew in each. */
export const edition = { number: 0, folders: /** @type {string[]} */ ([]) };

/** @param {string} url */
function inEdition(url) {
  const isOwn = edition.folders.some((folder) => url.startsWith(folder)) && !url.includes("/node_modules/");
  return edition.number > 0 && isOwn ? `${url}?edition=${edition.number}` : url;
}

/** From now on, in this thread. */
export function hookModules() {
  registerHooks({
    resolve(specifier, context, next) {
      const url = BUILT_IN[specifier];
      if (url) return { url, shortCircuit: true };
      if (specifier.startsWith("cloudflare:")) {
        const known = Object.keys(BUILT_IN).join(", ");
        throw new Error(`There is no module "${specifier}" here. Known: ${known}.`);
      }
      const found = resolveAsBundlersDo(specifier, (each) => next(each, context));
      if (found.url.startsWith("file:")) imported.add(found.url);
      if (found.url.endsWith(".json")) return { ...found, importAttributes: { type: "json" } };
      return { ...found, url: inEdition(found.url) };
    },
    load(url, context, next) {
      const read = READERS[extname(new URL(url).pathname)];
      if (!read || !url.startsWith("file:")) return next(url, { ...context, format: formatOf(url, context.format) });
      return { format: "module", source: read(fileURLToPath(url)), shortCircuit: true };
    },
  });
}

/** A line that only an ES module has. */
const MODULE_SYNTAX = /^\s*(?:import\b(?!\s*\()|export\b)/m;

/**
 * The format of a file. Cloudflare's tool takes the user's files for ES modules, whatever the nearest package.json says, and
 * `npm init` says CommonJS.
 *
 * @param {string} url
 * @param {string | null | undefined} format as Node has it
 */
function formatOf(url, format) {
  if (!format?.startsWith("commonjs") || url.includes("/node_modules/") || !/\.[jt]s$/.test(url)) return format;
  return MODULE_SYNTAX.test(readFileSync(fileURLToPath(url), "utf8")) ? format.replace("commonjs", "module") : format;
}

/**
 * @template T
 * @param {string} specifier
 * @param {(specifier: string) => T} resolve
 * @returns {T}
 */
function resolveAsBundlersDo(specifier, resolve) {
  try {
    return resolve(specifier);
  } catch (error) {
    if (!/^\.\.?\//.test(specifier)) throw error;
    // Code that is written for TypeScript's compiler names what the compiler makes.
    const written = specifier.endsWith(".js") ? [specifier.slice(0, -3)] : [specifier];
    for (const candidate of written.flatMap((stem) => EXTENSIONS.map((extension) => stem + extension))) {
      try {
        return resolve(candidate);
      } catch {
        // The first error is the one to tell.
      }
    }
    throw error;
  }
}
