/** The bindings of all Workers of a host that workerd carries out: one process for each folder of data. */

/** @import { HostBinding } from "../bindings/options.js" */
/** @import { HostBindingCall } from "./deployment_loader.js" */

import { createHash } from "node:crypto";
import { join } from "node:path";
import { DEFAULT_ACCOUNT } from "../engine/accounts.js";
import { BindingsProcess } from "../bindings/bindings_process.js";
import { CARRIED_OUT, PERSISTENCE } from "../bindings/options.js";

export class HostBindings {
  #report;
  /** By the folder of the data. @type {Map<string, BindingsProcess>} */
  #processes = new Map();

  /** @param {(line: string) => void} report a line of text for people */
  constructor(report) {
    this.#report = report;
  }

  /**
   * @param {HostBindingCall} call its path is one method, whose argument is a message of `runtime/bindings/codec.js`
   * @returns {Promise<Uint8Array | ReadableStream<Uint8Array>>}
   */
  async answer({ deployment, binding, spec, path }) {
    if (!CARRIED_OUT.includes(spec.type)) throw new Error(`env.${binding} has no method ${path[0]?.[0]}.`);
    const { account = DEFAULT_ACCOUNT, root, main, env } = deployment;
    const folder = join(root, PERSISTENCE);
    const name = `w${createHash("sha256")
      .update(JSON.stringify([account, root, main]))
      .digest("hex")
      .slice(0, 16)}`;
    const process = this.#processes.get(folder) ?? new BindingsProcess(folder, this.#report);
    this.#processes.set(folder, process);
    process.add({ name, bindings: carriedOut(env ?? {}) });
    const [[, [message]]] = path;
    return await process.call(name, binding, /** @type {Uint8Array} */ (message));
  }

  dispose() {
    for (const process of this.#processes.values()) process.dispose();
    this.#processes.clear();
  }
}

/** @param {NonNullable<HostBindingCall["deployment"]["env"]>} env @returns {Record<string, HostBinding>} */
function carriedOut(env) {
  /** @type {Record<string, HostBinding>} */
  const found = {};
  for (const [name, binding] of Object.entries(env))
    if (binding.kind === "host" && CARRIED_OUT.includes(binding.type)) found[name] = binding;
  return found;
}
