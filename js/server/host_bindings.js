/** The bindings of all Workers of a host that workerd carries out: one process for each folder of data. */

/** @import { HostBinding } from "../bindings/options.js" */
/** @import { HostBindingCall } from "./deployment_loader.js" */

import { createHash } from "node:crypto";
import { join } from "node:path";
import { DEFAULT_ACCOUNT } from "../engine/accounts.js";
import { BindingsProcess } from "../bindings/bindings_process.js";
import { AssetsFetcher } from "../../runtime/bindings/others.js";
import { CARRIED_OUT, PERSISTENCE } from "../bindings/options.js";

/** @typedef {{ account?: string | undefined, root: string, main: string, secrets?: { folder: string } | null | undefined }} Place */

export class HostBindings {
  #report;
  /** By the folder of the data. @type {Map<string, BindingsProcess>} */
  #processes = new Map();

  /** @param {(line: string) => void} report a line of text for people */
  constructor(report) {
    this.#report = report;
  }

  /**
   * Start what carries out the bindings of a Worker, if it has any, before the first call.
   *
   * @param {Place & { env?: HostBindingCall["deployment"]["env"] }} deployment
   */
  warm(deployment) {
    const bindings = carriedOut(deployment.env ?? {});
    if (Object.keys(bindings).length === 0) return;
    const process = this.#processOf(deployment);
    process.add({ name: nameOf(deployment), bindings });
    process.warm();
  }

  /**
   * @param {HostBindingCall} call its path is one method, whose argument is a message of `runtime/bindings/codec.js`
   * @returns {Promise<Uint8Array | ReadableStream<Uint8Array>>}
   */
  async answer({ deployment, binding, spec, path }) {
    if (!CARRIED_OUT.includes(spec.type)) throw new Error(`env.${binding} has no method ${path[0]?.[0]}.`);
    const process = this.#processOf(deployment);
    const name = nameOf(deployment);
    process.add({ name, bindings: carriedOut(deployment.env ?? {}) });
    const [[, [message]]] = path;
    return await process.call(name, binding, /** @type {Uint8Array} */ (message));
  }

  /**
   * The static assets of a Worker, as they answer requests. Each handling of paths without an asset is a Worker of its own.
   *
   * @param {Place} deployment
   * @param {import("./serving/assets.js").AssetsConfig} assets
   * @returns {import("./serving/assets.js").FetchAsset}
   */
  assetsOf(deployment, assets) {
    const process = this.#processOf(deployment);
    const name = nameOf(deployment);
    const strict = { ...assets, not_found_handling: "none" };
    process.add({ name: `${name}-all`, bindings: { ASSETS: { type: "assets", options: assets } } });
    process.add({ name: `${name}-found`, bindings: { ASSETS: { type: "assets", options: strict } } });
    return async (request, { notFound }) => {
      const worker = `${name}-${notFound ? "all" : "found"}`;
      const fetcher = new AssetsFetcher(([[, [message]]]) =>
        process.call(worker, "ASSETS", /** @type {any} */ (message)),
      );
      // The client follows redirections itself.
      return await fetcher.fetch(request, { redirect: "manual" });
    };
  }

  /** The data is beside the configuration, where the secrets are; a file without one has it beside itself. @param {Place} deployment */
  #processOf({ root, secrets }) {
    const folder = join(secrets?.folder ?? root, PERSISTENCE);
    const process = this.#processes.get(folder) ?? new BindingsProcess(folder, this.#report);
    this.#processes.set(folder, process);
    return process;
  }

  dispose() {
    for (const process of this.#processes.values()) process.dispose();
    this.#processes.clear();
  }
}

/** A name for a Worker that no other has. @param {Place} deployment */
function nameOf({ account = DEFAULT_ACCOUNT, root, main, secrets }) {
  const digest = createHash("sha256")
    // Projects that have assets alone share their main file.
    .update(JSON.stringify([account, secrets?.folder ?? null, root, main]))
    .digest("hex");
  return `w${digest.slice(0, 16)}`;
}

/** @param {NonNullable<HostBindingCall["deployment"]["env"]>} env @returns {Record<string, HostBinding>} */
function carriedOut(env) {
  /** @type {Record<string, HostBinding>} */
  const found = {};
  for (const [name, binding] of Object.entries(env))
    if (binding.kind === "host" && CARRIED_OUT.includes(binding.type)) found[name] = binding;
  return found;
}
