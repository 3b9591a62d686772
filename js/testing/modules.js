/** The modules that tests import, by the names that they import them by. */

/** @type {Record<string, string>} */
export const MODULES = Object.fromEntries(
  Object.entries({
    "cloudflare:test": "./cloudflare_test.js",
    "cloudflare:workers": "./cloudflare_workers.js",
    "cloudflare:workflows": "../../runtime/javascript/workflows.js",
    "stepwell/testing": "./index.js",
  }).map(([name, path]) => [name, new URL(path, import.meta.url).href]),
);
