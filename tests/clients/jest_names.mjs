/**
 * What the tests of cloudflare-typescript use of jest, over Node's test runner; `cloudflare` is the installed npm package.
 * To be preloaded with `--import`.
 */

import assert from "node:assert/strict";
import { registerHooks } from "node:module";
import { describe, test } from "node:test";
import { pathToFileURL } from "node:url";

const parentURL = pathToFileURL(`${process.env.STEPWELL_CLIENTS_NPM}/index.js`).href;
registerHooks({
  resolve: (specifier, context, next) =>
    /^cloudflare($|\/)/.test(specifier) ? next(specifier, { ...context, parentURL }) : next(specifier, context),
  // Its package is one of CommonJS, which a compiler would make of them.
  load: (url, context, next) =>
    next(url, url.endsWith(".test.ts") ? { ...context, format: "module-typescript" } : context),
});

/** @param {unknown} actual */
const expect = (actual) => ({
  toBe: (/** @type {unknown} */ expected) => assert.strictEqual(actual, expected),
  toBeInstanceOf: (/** @type {Function} */ type) => assert.ok(actual instanceof /** @type {any} */ (type)),
  not: { toBeInstanceOf: (/** @type {Function} */ type) => assert.ok(!(actual instanceof /** @type {any} */ (type))) },
});
Object.assign(globalThis, { describe, test, expect });
