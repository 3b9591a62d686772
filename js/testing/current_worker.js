/**
 * The Worker that a test file is for, which the modules `cloudflare:test` and `cloudflare:workers` stand for.
 *
 * `STEPWELL_TEST_PROJECT` names it: a request for a project as JSON, which the plugin for vitest and `stepwell test` set.
 */

/** @import { TestHarnessOptions } from "./testing.d.ts" */

import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { TestKitError } from "./errors.js";
import { createTestHarness } from "./harness.js";

const CONFIG_NAMES = ["wrangler.jsonc", "wrangler.json", "wrangler.toml"];

/** @returns {TestHarnessOptions} */
function named() {
  const text = process.env.STEPWELL_TEST_PROJECT;
  if (text) return JSON.parse(text);
  for (let folder = process.cwd(); ; folder = dirname(folder)) {
    const name = CONFIG_NAMES.find((each) => existsSync(join(folder, each)));
    if (name !== undefined) return { root: folder, workers: [{ configPath: name }] };
    if (dirname(folder) === folder) break;
  }
  throw new TestKitError(`No wrangler configuration was found at or above ${process.cwd()}.`);
}

export const harness = createTestHarness(named());
export const worker = harness.getWorker();
