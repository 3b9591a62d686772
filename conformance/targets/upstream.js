/** Cloudflare's own Python SDK on our engine. It has two signatures of `step.do`, and a compatibility flag says which. */

/** @import { DeploymentOptions } from "../../runtime/pool/pool.js" */
/** @import { LocalGuest } from "../local.js" */
/** @import { Scenario, Target } from "../scenario.d.ts" */

import { localTarget } from "../local.js";

/** Where PyPI's workers-runtime-sdk is installed. */
const FOLDER = process.env.STEPWELL_UPSTREAM_SDK;

/**
 * @param {string} name
 * @param {(deployment: DeploymentOptions) => Promise<LocalGuest>} guest
 * @returns {Target}
 */
export function upstreamTarget(name, guest) {
  const targetWith = (/** @type {string[]} */ flags) =>
    localTarget({ name, language: "python", guest, more: { runtime: { name: "pyodide", sdk: FOLDER ?? "", flags } } });
  const byName = targetWith([]);
  const byPosition = targetWith(["no_python_workflows_implicit_dependencies"]);
  return {
    ...byName,
    async unavailable() {
      if (FOLDER) return undefined;
      return "Cloudflare's Python SDK is not installed (pip install 'stepwell[upstream-sdk]').";
    },
    async open(scenarios) {
      await byName.open(scenarios.filter((scenario) => !isByPosition(scenario)));
      await byPosition.open(scenarios.filter(isByPosition));
    },
    run: (scenario, options) => (isByPosition(scenario) ? byPosition : byName).run(scenario, options),
    async close() {
      await byName.close();
      await byPosition.close();
    },
  };
}

/** @param {Scenario} scenario */
function isByPosition({ python = "" }) {
  return /\bdepends\s*=/.test(python);
}
