/** A deployment: which code runs, with which variables, bindings and secrets, in which runtime. */

/** @import { EnvBinding } from "../../runtime/handlers/facades.js" */
/** @import { RuntimeOptions } from "../../runtime/registry.js" */

import { runtimeFor, SUFFIXES } from "../../runtime/registry.js";
import { DEFAULT_ACCOUNT } from "../engine/accounts.js";
import { WorkflowError } from "../engine/errors.js";
import { modulesFolder } from "./packages.js";

/**
 * @typedef {object} Deployment
 * @property {string} [account] whose workflows they are; no interpreter is shared with another's. Absent: the default one
 * @property {string | null} [scriptName] the Worker's name, where one is configured
 * @property {string} root folder whose modules can be imported
 * @property {string} main the file that has the workflows
 * @property {Record<string, unknown>} vars
 * @property {string} [varsText] canonical text of them, with numbers as they were written
 * @property {Record<string, string> | null} bindings names of workflows by the names under which `env` has them; null: each
 *   class under its own
 * @property {Record<string, EnvBinding> | null} [env] its other bindings, by the names under which `env` has them
 * @property {import("./secrets.js").SecretSource | null} [secrets] where its secrets are, which are variables too
 * @property {RuntimeOptions | null} [runtime] what runs it, with its options; absent or null: the default one for the main file
 */

/** What tells a deployment from others. @param {Deployment} deployment */
export function keyOf({ account = DEFAULT_ACCOUNT, root, main, vars, varsText, bindings, env, secrets, runtime }) {
  const variables = varsText ?? JSON.stringify(vars);
  return JSON.stringify([account, root, main, variables, bindings, env ?? null, secrets ?? null, runtime ?? null]);
}

/** The deployment with the folder of its packages. @param {Deployment} deployment */
export function withModules(deployment) {
  const { main } = deployment;
  const name = runtimeNameOf(deployment);
  // What JavaScript imports is npm's business.
  return { ...deployment, modules: name === "javascript" ? null : modulesFolder(main, name) };
}

/** The name of the runtime that runs it. @param {Deployment} deployment */
export function runtimeNameOf({ main, runtime }) {
  const name = runtimeFor(main, runtime);
  if (name !== undefined) return name;
  const why = SUFFIXES.some((suffix) => main.endsWith(suffix))
    ? `runtime ${runtime?.name} does not run such files`
    : `its name ends in none of ${SUFFIXES.join(", ")}`;
  throw new WorkflowError("deployment.not_runnable", `${main} cannot be run: ${why}.`);
}

/** What the configuration wants of a bundle; undefined: the code runs as it is, as far as it can. @param {Deployment} deployment */
export function bundleOptionsOf({ runtime }) {
  const { bundle } = /** @type {{ bundle?: { alias?: Record<string, string>, define?: Record<string, string> } }} */ (
    runtime ?? {}
  );
  return bundle;
}
