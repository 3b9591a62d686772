/** Reads a project: the Python half of Stepwell reads configurations, so tests see what every command sees. */

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { TestKitError } from "./errors.js";

/**
 * What a test asks for: a configuration by its path or as a value, or a file.
 *
 * @typedef {{ config: string, env?: string } | { inline: object, root: string, env?: string } | { main: string }} ProjectRequest
 *
 * @typedef {object} Project
 * @property {Record<string, any> & { main: string, workflows: any[] | null, vars: Record<string, unknown>, env: Record<string, any> | null }} deployment
 *   as the host takes it
 * @property {string | null} name the Worker's
 * @property {Record<string, string> | null} bindings names of workflows by the names of their bindings
 * @property {string[]} warnings
 * @property {Record<string, string>} environment for the host
 */

const HOST_ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
/** The exit code of a mistake of the user's. */
const USAGE = 2;

/**
 * @param {ProjectRequest} request
 * @returns {Promise<Project>}
 * @throws {TestKitError} it cannot be used
 */
export async function readProject(request) {
  for (const python of pythons(request)) {
    const answer = await ask(python, JSON.stringify(request));
    if (answer === undefined) continue;
    if (answer.code === 0) return JSON.parse(answer.output);
    if (answer.code === USAGE) throw new TestKitError(answer.problem.trim());
    if (answer.problem.includes("No module named")) continue;
    throw new TestKitError(`${python} does not read the project: ${answer.problem.trim()}`);
  }
  throw new TestKitError(
    "No Python with stepwell was found, which reads the project's configuration. Install it (pip install stepwell), " +
      "activate its environment, or name its Python in STEPWELL_HOST_PYTHON.",
  );
}

/** Where a Python with stepwell may be, the most likely first. @param {ProjectRequest} request */
function* pythons(request) {
  if (process.env.STEPWELL_HOST_PYTHON) {
    yield process.env.STEPWELL_HOST_PYTHON;
    return;
  }
  // The environment that this package is installed in, of which it is `lib/python3.X/site-packages/stepwell/_host`.
  const site = /^(.*)\/lib\/python3[^/]*\/site-packages\/stepwell\/_host$/.exec(HOST_ROOT)?.[1];
  if (site) yield join(site, "bin", "python");
  if (process.env.VIRTUAL_ENV) yield join(process.env.VIRTUAL_ENV, "bin", "python");
  const start = "config" in request ? dirname(request.config) : "root" in request ? request.root : HOST_ROOT;
  for (const folder of [...ancestors(start), HOST_ROOT]) {
    const python = join(folder, ".venv", "bin", "python");
    if (existsSync(python)) yield python;
  }
  yield "python3";
}

/** @param {string} folder @returns {Iterable<string>} */
function* ancestors(folder) {
  yield folder;
  if (dirname(folder) !== folder) yield* ancestors(dirname(folder));
}

/**
 * @param {string} python
 * @param {string} text
 * @returns {Promise<{ code: number | null, output: string, problem: string } | undefined>} undefined: it is not there
 */
function ask(python, text) {
  return new Promise((resolve) => {
    // Options of this process's Node and the path of modules of the folder of the tests are not for Python.
    const child = spawn(python, ["-P", "-m", "stepwell.testing.describe_project"], {
      stdio: ["pipe", "pipe", "pipe"],
    });
    /** @type {Record<"output" | "problem", string>} */
    const texts = { output: "", problem: "" };
    child.stdout.setEncoding("utf8").on("data", (chunk) => (texts.output += chunk));
    child.stderr.setEncoding("utf8").on("data", (chunk) => (texts.problem += chunk));
    child.on("error", () => resolve(undefined));
    child.on("close", (code) => resolve({ code, ...texts }));
    // One that ends at once does not read it.
    child.stdin.on("error", () => {});
    child.stdin.end(text);
  });
}
