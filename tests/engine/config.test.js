/** Configurations of steps that are refused: what is wrong is named as people write it. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { configProblem } from "../../js/engine/config.js";

const whole = (/** @type {string} */ limit) => `retries.limit must be a whole number, not ${limit}`;

for (const [config, problem] of /** @type {[unknown, string][]} */ ([
  [{ $: "a function" }, "config must be an object, not a function"],
  [{ $: "a datetime" }, "config must be an object, not a datetime"],
  [[1], "config must be an object, not [1]"],
  [{ retries: { $: "a function" } }, "retries must be an object, not a function"],
  [{ timeout: { $: "a set" } }, 'timeout must be a duration above 0, such as 5000 (ms) or "5 minutes", not a set'],
  [{ retries: { limit: 1.5, delay: 0 } }, whole("1.5")],
  [{ retries: { limit: 0.1, delay: 0 } }, whole("0.1")],
])) {
  test(`${JSON.stringify(config)} is refused`, () => {
    assert.equal(configProblem(config), problem);
  });
}
