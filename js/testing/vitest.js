/** A plugin for vitest: tests import `cloudflare:test` and `cloudflare:workers`, and upstream's suites run as they are. */

/** @import { StepwellTestOptions } from "./testing.d.ts" */

import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { MODULES } from "./modules.js";

const SETUP = fileURLToPath(new URL("./vitest_setup.js", import.meta.url));

/**
 * @param {StepwellTestOptions} [options] as upstream's `cloudflareTest` takes them
 * @returns {any} a plugin
 */
export function stepwellTest({ wrangler = {}, main, bindings, check = true } = {}) {
  const { configPath = "./wrangler.jsonc", environment } = wrangler;
  let root = process.cwd();
  return {
    name: "stepwell",
    enforce: "pre",
    /** @param {{ root?: string }} user */
    config(user) {
      root = resolve(user.root ?? process.cwd());
      if (main !== undefined) throw new Error("stepwellTest() takes no `main`: the configuration has it.");
      const worker = { configPath, ...(environment === undefined ? {} : { env: environment }), bindings };
      return {
        test: {
          env: { STEPWELL_TEST_PROJECT: JSON.stringify({ root, workers: [worker] }) },
          ...(check ? { setupFiles: [SETUP] } : {}),
        },
      };
    },
    /**
     * @this {any}
     * @param {string} source
     * @param {string | undefined} importer
     */
    async resolveId(source, importer) {
      if (MODULES[source]) return fileURLToPath(MODULES[source]);
      // The setup is not in the project, which has vitest.
      if (source === "vitest" && importer && dirname(importer) === dirname(SETUP))
        return await this.resolve(source, join(root, "vitest.config.js"), { skipSelf: true });
      return undefined;
    },
  };
}

export { stepwellTest as cloudflareTest };
