/** What miniflare is told of the bindings of Workers. */

import { readFileSync } from "node:fs";

/**
 * A binding that workerd carries out, as the configuration has it. `type` is that of its facade.
 *
 * @typedef {{ type: string, options?: Record<string, any> }} HostBinding
 *
 * @typedef {object} BoundWorker
 * @property {string} name unique among those of the host
 * @property {Record<string, HostBinding>} bindings by their names in `env`
 */

/** The place of Cloudflare's own tool, so that both act on the same data. */
export const PERSISTENCE = ".wrangler/state/v3";

/** The Worker that carries out calls, the main module first. */
const MODULES = ["js/bindings/shim.js", "runtime/bindings/codec.js"];
const COMPATIBILITY_DATE = "2026-09-01";

/** The options for a binding, by its type: the option's name, and its value for one name. @type {Record<string, (name: string, options: Record<string, any>) => [string, unknown]>} */
const OPTIONS = {
  kv: (name, { id }) => ["kvNamespaces", { [name]: id }],
  d1: (name, { id }) => ["d1Databases", { [name]: id }],
  r2: (name, { id }) => ["r2Buckets", { [name]: id }],
  ratelimit: (name, { namespaceId, limit, period }) => [
    "ratelimits",
    { [name]: { namespace_id: namespaceId, simple: { limit, period } } },
  ],
  analytics_engine: (name, { dataset }) => ["analyticsEngineDatasets", { [name]: { dataset } }],
  images: (name) => ["images", { binding: name }],
  assets: (name, { directory, html_handling: html, not_found_handling: notFound }) => [
    "assets",
    {
      directory,
      binding: name,
      // Requests are for the shim, which asks for an asset by its binding.
      routerConfig: { has_user_worker: true, invoke_user_worker_ahead_of_assets: true },
      assetConfig: {
        ...(html ? { html_handling: html } : {}),
        ...(notFound ? { not_found_handling: notFound } : {}),
      },
    },
  ],
};

/** The types of bindings that workerd carries out. */
export const CARRIED_OUT = Object.keys(OPTIONS);

/**
 * @param {BoundWorker[]} workers
 * @param {string} secret what a request must carry
 * @param {string} folder where the data is
 */
export function miniflareOptions(workers, secret, folder) {
  return {
    resourcePersistencePath: folder,
    workers: workers.map((worker) => ({
      name: worker.name,
      compatibilityDate: COMPATIBILITY_DATE,
      modulesRoot: "/",
      modules: MODULES.map((path) => ({ type: "ESModule", path: `/${path}`, contents: sourceOf(path) })),
      bindings: { STEPWELL_SECRET: secret },
      unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
      ...optionsOf(worker.bindings),
    })),
  };
}

/** @param {Record<string, HostBinding>} bindings */
function optionsOf(bindings) {
  /** @type {Record<string, any>} */
  const options = {};
  for (const [name, binding] of Object.entries(bindings)) {
    const [option, value] = OPTIONS[binding.type](name, binding.options ?? {});
    options[option] = { ...options[option], .../** @type {object} */ (value) };
  }
  return options;
}

/** @param {string} path */
function sourceOf(path) {
  return readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
}
