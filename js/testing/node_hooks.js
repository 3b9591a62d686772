/**
 * Hooks for `node --import`: tests of `node:test` import `cloudflare:test`, `cloudflare:workers` and `stepwell/testing`.
 *
 * Each test is checked at its end: what it has left behind fails it.
 */

import { registerHooks } from "node:module";
import { afterEach } from "node:test";
import { finishAll } from "./engine_handle.js";
import { MODULES } from "./modules.js";

registerHooks({
  resolve(specifier, context, next) {
    const url = MODULES[specifier];
    return url ? { url, shortCircuit: true } : next(specifier, context);
  },
});

afterEach(() => finishAll({ check: true }));
