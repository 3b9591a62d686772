/**
 * Writes the workflows of the conformance scenarios as Python files, each with a JSON object beside it that has the parameters of each class:
 * `node conformance_flows.js FOLDER`.
 *
 * Left out are scenarios that need a drive, and those whose outcome says how often a callback or `run()` was called.
 */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { loadScenarios } from "../../../conformance/load.js";
import { sourceOf } from "../../../conformance/source.js";

/** How many workflows a file has: each engine of a test deploys them all. */
const PER_FILE = 12;
const [folder] = process.argv.slice(2);
/** Whether a value is one of JSON's. @param {unknown} value */
function isJson(value) {
  try {
    return isDeepStrictEqual(JSON.parse(JSON.stringify(value ?? null)), value ?? null);
  } catch {
    return false; // such as an integer without bounds
  }
}

const scenarios = (await loadScenarios()).filter(
  ({ params, drive, python = "", showsReplays, hangs, notFor = {}, stepLimit, concurrency }) =>
    isJson(params) &&
    !drive &&
    python &&
    !/\bcalls\(|\bself\.env\.|\bown\(/.test(python) &&
    !showsReplays &&
    !hangs &&
    !notFor.python &&
    !stepLimit &&
    !concurrency,
);
for (let first = 0; first < scenarios.length; first += PER_FILE) {
  const portion = scenarios.slice(first, first + PER_FILE);
  const names = new Map(portion.map((scenario, number) => [scenario, `Scenario${first + number}`]));
  const path = join(folder, `scenarios_${first}.py`);
  writeFileSync(
    path,
    sourceOf(portion, "python", (scenario) => names.get(scenario) ?? ""),
  );
  const described = portion.map((each) => [names.get(each), { name: each.name, params: each.params ?? null }]);
  writeFileSync(`${path}.json`, JSON.stringify(Object.fromEntries(described)));
}
