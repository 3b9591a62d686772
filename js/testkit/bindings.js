/**
 * Bindings of Cloudflare's in tests: KV, D1, R2 and others are carried out where `stepwell bindings install` has been. Their data is
 * in a folder of its own, which is empty again when the engines of a test have closed.
 */

/** @import { HostBindingCall } from "../server/deployment_loader.js" */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findInstallation } from "../bindings/installation.js";
import { CARRIED_OUT } from "../bindings/options.js";
import { WorkflowError } from "../engine/errors.js";
import { HostBindings } from "../server/host_bindings.js";

/** The process that carries out calls may still write when it has been told to end. */
const REMOVE = { recursive: true, force: true, maxRetries: 5 };

export class TestBindings {
  #bindings;
  /** @type {string | undefined} */
  #folder;
  /** Folders that are of no use any more. @type {Set<string>} */
  #old = new Set();

  /** @param {(line: string) => void} report takes lines for people */
  constructor(report) {
    this.#bindings = new HostBindings(report);
  }

  /**
   * @param {HostBindingCall} call
   * @throws {WorkflowError} tests have no such binding
   */
  async answer(call) {
    const { deployment, binding, spec } = call;
    if (!CARRIED_OUT.includes(spec.type) || !findInstallation())
      throw new WorkflowError("binding.no_double", unserved(binding, spec.type));
    this.#folder ??= mkdtempSync(join(tmpdir(), "stepwell-test-bindings-"));
    return await this.#bindings.answer({ ...call, deployment: inFolder(deployment, this.#folder) });
  }

  /** Begin anew, without data. */
  reset() {
    if (this.#folder === undefined) return;
    this.#bindings.dispose();
    this.#old.add(this.#folder);
    this.#folder = undefined;
    this.#removeOld();
  }

  dispose() {
    this.reset();
    this.#removeOld();
  }

  #removeOld() {
    for (const folder of this.#old) {
      try {
        rmSync(folder, REMOVE);
        this.#old.delete(folder);
      } catch {
        // Its process has not ended yet. The next test, or the end, tries again.
      }
    }
  }
}

/** @param {HostBindingCall["deployment"]} deployment @param {string} folder of the data */
function inFolder(deployment, folder) {
  return { ...deployment, secrets: /** @type {any} */ ({ ...deployment.secrets, folder }) };
}

/** @param {string} binding @param {string} type */
function unserved(binding, type) {
  const remedy = `Give an object of the test that answers its calls, as env={"${binding}": ...} or bindings: { ${binding}: ... }`;
  if (!CARRIED_OUT.includes(type)) return `env.${binding} is not served in tests. ${remedy}.`;
  return `env.${binding} is carried out by workerd, which is not installed. ${remedy}, or install it with: stepwell bindings install`;
}
