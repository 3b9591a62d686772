/** Runs scenarios on our own engine with a real guest, in this process, in virtual time. */

/** @import { Guest } from "../bridge/protocol.d.ts" */
/** @import { DeploymentOptions } from "../runtime/pool/pool.js" */
/** @import { Scenario, Target } from "./scenario.d.ts" */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { cron } from "../js/server/cron.js";
import { isBusy } from "./busy.js";
import { EngineRun } from "./engine_run.js";
import { Recorder } from "./recorder.js";
import { sourceOf } from "./source.js";

/** A workflow's own binding, as scenarios know it. */
const SELF = { SELF: "flow" };
const PLACE = { open: () => new DatabaseSync(":memory:"), soon: setImmediate, cron, isBusy };

/** @typedef {Guest & { load(): Promise<unknown> }} LocalGuest */

/**
 * @param {object} options
 * @param {string} options.name
 * @param {"python" | "javascript"} options.language
 * @param {(deployment: DeploymentOptions) => Promise<LocalGuest>} options.guest
 * @param {Partial<DeploymentOptions>} [options.more] what the deployment has besides
 * @param {() => Promise<string | undefined>} [options.unavailable] why it cannot be run here
 * @param {boolean} [options.forgets] whether nothing in an interpreter outlives a pass
 * @param {number} [options.still] how long nothing has to happen, in real ms, before a step is taken for one that never ends
 * @returns {Target}
 */
export function localTarget({ name, language, guest: makeGuest, more = {}, unavailable, forgets = false, still }) {
  /** @type {LocalGuest | undefined} */
  let guest;
  /** @type {string} */
  let root;
  /** @type {Map<Scenario, string>} */
  const classes = new Map();
  return {
    name,
    language,
    isLocal: true,
    ...(unavailable ? { unavailable } : {}),
    async open(scenarios) {
      if (scenarios.length === 0) return;
      scenarios.forEach((scenario, i) => classes.set(scenario, `Scenario${i + 1}`));
      root = mkdtempSync(join(tmpdir(), "conformance-"));
      const calls = forgets ? join(root, "calls") : undefined;
      const main = join(root, language === "python" ? "scenarios.py" : "scenarios.mjs");
      writeFileSync(
        main,
        sourceOf(scenarios, language, (scenario) => classes.get(scenario) ?? "", calls),
      );
      if (calls) mkdirSync(calls);
      const made = await makeGuest({
        root,
        main,
        vars: {},
        bindings: SELF,
        ...more,
        ...(calls ? { modules: calls } : {}),
      });
      guest = calls ? new Recorder(made, calls) : made;
      await guest.load();
    },
    async run(scenario, { forceReplay, newState }) {
      const run = new EngineRun(/** @type {LocalGuest} */ (guest), classes.get(scenario) ?? "", scenario, {
        ...PLACE,
        ...(newState ? { newState } : {}),
        forceReplay,
        still,
      });
      try {
        return await run.outcome();
      } finally {
        await run.close();
      }
    },
    async close() {
      await guest?.dispose();
      if (root) rmSync(root, { recursive: true });
    },
  };
}
