/** The secrets of a Worker in development, read as wrangler reads them: `.dev.vars`, or the `.env` files. */

/** @import { Deployment } from "./deployment.js" */

import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { parse } from "dotenv";
import { expand } from "dotenv-expand";
import { WorkflowError } from "../engine/errors.js";

/**
 * Where the secrets are.
 *
 * @typedef {object} SecretSource
 * @property {string} folder of the files
 * @property {string} [environment] whose files win
 * @property {string[]} [required] the only names that count, besides those of variables; absent: all do
 * @property {boolean} [dotEnv] false: `.dev.vars` alone
 * @property {boolean} [processEnv] the variables of this process are secrets too
 */

/**
 * The values, by name. They take the place of variables of the same name.
 *
 * @param {SecretSource} source
 * @param {string[]} variables names of the Worker's variables
 * @returns {Record<string, string>}
 * @throws {WorkflowError} a file cannot be read
 */
export function readSecrets(source, variables) {
  const all = readDevVars(source) ?? (source.dotEnv === false ? {} : readDotEnv(source));
  const { required } = source;
  if (required === undefined) return all;
  const declared = new Set([...required, ...variables]);
  return Object.fromEntries(Object.entries(all).filter(([name]) => declared.has(name)));
}

/** The required names that have no value. @param {SecretSource} source @param {Record<string, string>} secrets */
export function missingSecrets({ required = [] }, secrets) {
  return required.filter((name) => !(name in secrets));
}

/** @param {SecretSource} source */
function readDevVars({ folder, environment }) {
  const own = environment === undefined ? undefined : readText(join(folder, `.dev.vars.${environment}`));
  const text = own ?? readText(join(folder, ".dev.vars"));
  return text === undefined ? undefined : parse(text);
}

/** @param {SecretSource} source @returns {Record<string, string>} */
function readDotEnv({ folder, environment, processEnv = false }) {
  const names = [".env", ".env.local", ...(environment ? [`.env.${environment}`, `.env.${environment}.local`] : [])];
  /** @type {Record<string, string>} */
  const parsed = {};
  for (const name of names) Object.assign(parsed, parse(readText(join(folder, name)) ?? ""));
  /** @type {Record<string, string>} */
  const expanded = processEnv ? /** @type {Record<string, string>} */ ({ ...process.env }) : {};
  expand({ processEnv: expanded, parsed });
  return expanded;
}

/** @param {string} path @returns {string | undefined} undefined: there is no such file */
function readText(path) {
  try {
    // A pipe would be read for ever.
    if (statSync(path).isFile()) return readFileSync(path, "utf8");
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error);
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw unreadable(path, code);
  }
  throw unreadable(path, "it is not a file");
}

/** @param {string} path @param {string | undefined} why */
function unreadable(path, why) {
  return new WorkflowError("deployment.secrets_unreadable", `${path} cannot be read (${why}).`);
}

/**
 * The deployment with its secrets among its variables.
 *
 * @template {Deployment} T
 * @param {T} deployment
 * @returns {T}
 */
export function withSecrets(deployment) {
  if (!deployment.secrets) return deployment;
  const text = deployment.varsText ?? JSON.stringify(deployment.vars);
  const secrets = readSecrets(deployment.secrets, Object.keys(deployment.vars));
  return { ...deployment, vars: { ...deployment.vars, ...secrets }, varsText: withMembers(text, secrets) };
}

/** The same; secrets whose files cannot be read are not known, and not masked. @param {Deployment} deployment */
export function withReadableSecrets(deployment) {
  try {
    return withSecrets(deployment);
  } catch {
    return deployment;
  }
}

/** A JSON object with further members, and its numbers as they are written. @param {string} text @param {object} members */
function withMembers(text, members) {
  /** @type {(key: string, value: unknown, context: { source: string }) => unknown} */
  const keepNumber = (_key, value, { source }) =>
    typeof value === "number" ? /** @type {any} */ (JSON).rawJSON(source) : value;
  const parse = /** @type {(text: string, reviver: typeof keepNumber) => object} */ (JSON.parse);
  return JSON.stringify({ ...parse(text, keepNumber), ...members });
}
