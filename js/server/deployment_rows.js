/** Deployments as rows of the state: their folders are kept relative to the state's, so that both can move together. */

/** @import { Retention } from "../engine/creation.js" */
/** @import { WorkflowRow } from "../store/store.d.ts" */
/** @import { Deployment } from "./deployment.js" */
/** @import { SecretSource } from "./secrets.js" */
/** @import { Sources } from "./sources.js" */

import { dirname, relative, resolve } from "node:path";
import { accountOf, DEFAULT_ACCOUNT, workflowKey } from "../engine/accounts.js";
import { withModules } from "./deployment.js";

export class DeploymentRows {
  #stateFolder;
  #sources;

  /** @param {string} state path of the state file @param {Sources} sources */
  constructor(state, sources) {
    this.#stateFolder = dirname(state);
    this.#sources = sources;
  }

  /** What the Worker of a deployment is called, also where the configuration gives no name. @param {Deployment} deployment */
  scriptOf({ scriptName, main }) {
    return scriptName ?? relative(this.#stateFolder, main);
  }

  /** The deployment with the name of the script in each namespace of objects. @template {Deployment} T @param {T} deployment @returns {T} */
  withScripts(deployment) {
    if (!deployment.env) return deployment;
    const script_name = this.scriptOf(deployment);
    const env = Object.fromEntries(
      Object.entries(deployment.env).map(([name, binding]) =>
        binding.kind === "host" && binding.type === "durable_object"
          ? [name, { ...binding, options: { script_name, ...binding.options } }]
          : [name, binding],
      ),
    );
    return { ...deployment, env };
  }

  /** @param {WorkflowRow} workflow @returns {Deployment} */
  deploymentOf({ name, root, main, vars, bindings, env, secrets, runtime, scriptName }) {
    return {
      account: accountOf(name),
      scriptName,
      root: resolve(this.#stateFolder, root),
      main: resolve(this.#stateFolder, main),
      vars: JSON.parse(vars),
      varsText: vars,
      bindings: bindings === null ? null : JSON.parse(bindings),
      env: env === null ? null : JSON.parse(env),
      secrets: secrets === null ? null : this.#locateSecrets(JSON.parse(secrets)),
      runtime: runtime === null ? null : JSON.parse(runtime),
    };
  }

  /** @param {SecretSource} source with its folder relative to the state's */
  #locateSecrets(source) {
    return { ...source, folder: resolve(this.#stateFolder, source.folder) };
  }

  /**
   * @param {Deployment} deployment
   * @param {{ name: string, className: string, stepLimit?: number | undefined, concurrency?: number | undefined, retention?: Retention, version?: string | undefined }} workflow
   *   `version`: of the code, where it is known
   */
  toRow(deployment, { name, className, stepLimit, concurrency, retention = {}, version }) {
    return {
      name: workflowKey(deployment.account ?? DEFAULT_ACCOUNT, name),
      className,
      scriptName: deployment.scriptName ?? null,
      root: relative(this.#stateFolder, deployment.root),
      main: relative(this.#stateFolder, deployment.main),
      vars: deployment.varsText ?? JSON.stringify(deployment.vars),
      bindings: deployment.bindings && JSON.stringify(deployment.bindings),
      env: deployment.env ? JSON.stringify(deployment.env) : null,
      secrets: deployment.secrets
        ? JSON.stringify({ ...deployment.secrets, folder: relative(this.#stateFolder, deployment.secrets.folder) })
        : null,
      runtime: deployment.runtime ? JSON.stringify(deployment.runtime) : null,
      stepLimit: stepLimit ?? null,
      concurrency: concurrency ?? null,
      successRetention: retention.successRetention ?? null,
      errorRetention: retention.errorRetention ?? null,
      versionId: version ?? this.#sources.version(withModules(deployment)),
    };
  }
}
