/** Where scenarios come from: the modules of `scenarios/`, or those that somebody hands in. */

/** @import { Scenario } from "./scenario.d.ts" */

import { existsSync, readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { UsageError } from "./arguments.js";

const OWN = fileURLToPath(new URL("scenarios/", import.meta.url));

/**
 * @param {string[]} [places] modules, or folders of them, whose default export is a list of scenarios; the suite's own if
 *   none is given
 * @returns {Promise<Scenario[]>}
 * @throws {UsageError}
 */
export async function loadScenarios(places = [OWN]) {
  const all = (await Promise.all(places.flatMap(modulesOf).map(load))).flat();
  const names = all.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new UsageError(`Two scenarios are called ${JSON.stringify(twice)}.`);
  return all;
}

/** @param {string} place */
function modulesOf(place) {
  if (!existsSync(place)) throw new UsageError(`There are no scenarios in ${place}: there is no such file or folder.`);
  if (!statSync(place).isDirectory()) return [place];
  return readdirSync(place)
    .filter((name) => /\.m?js$/.test(name))
    .toSorted()
    .map((name) => join(place, name));
}

/** @param {string} path @returns {Promise<Scenario[]>} */
async function load(path) {
  let module;
  try {
    module = await import(pathToFileURL(resolve(path)).href);
  } catch (error) {
    throw new UsageError(`The scenarios of ${path} cannot be loaded: ${/** @type {Error} */ (error).stack}`);
  }
  const list = module.default;
  if (!Array.isArray(list)) throw new UsageError(`${path} has no default export that is a list of scenarios.`);
  for (const [i, scenario] of list.entries()) {
    const problem = problemOf(scenario);
    if (problem) throw new UsageError(`Scenario ${i + 1} of ${path} ${problem}; see scenario.d.ts.`);
  }
  return list;
}

/** @param {any} scenario */
function problemOf(scenario) {
  if (typeof scenario?.name !== "string" || scenario.name === "") return "has no name";
  if (typeof scenario.expect !== "object" || scenario.expect === null) return "does not say what it expects";
  const { python, javascript } = scenario;
  if (typeof python !== "string" && typeof javascript !== "string") return "has neither python nor javascript";
  return undefined;
}
