/** Objects of the user's on their way to the engine. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { toPlain } from "../../bridge/plain.js";
import { writeShallow } from "../../bridge/shallow_json.js";

/** An array in an array, and so on. @param {number} levels */
function nested(levels) {
  /** @type {unknown[]} */
  let value = [];
  for (let i = 1; i < levels; i++) value = [value];
  return value;
}

test("what the engine takes arrives as it is", () => {
  const value = { list: [1, "two", null, { deep: nested(60) }], same: nested(2) };

  assert.deepEqual(toPlain(value, "It"), value);
});

test("of what is nested deeper than the engine takes no more is looked at", () => {
  let looks = 0;
  const text = writeShallow(nested(100_000), (part) => {
    looks += 1;
    return part;
  });

  assert.ok(looks < 100, `${looks}`);
  assert.ok(text.length < 200);
});

for (const [what, value] of /** @type {[string, unknown][]} */ ([
  ["too deep by one level", nested(65)],
  ["very deep", nested(100_000)],
  ["deep because of toJSON()", { toJSON: () => nested(100_000) }],
])) {
  test(`what is ${what} is refused`, () => {
    assert.throws(() => toPlain(value, "It"), /^TypeError: It cannot be sent: nested deeper than 64 levels$/);
  });
}

test("what holds itself is refused", () => {
  const value = {};
  Object.assign(value, { value });

  assert.throws(() => toPlain(value, "It"), /^TypeError: It cannot be sent: Converting circular structure to JSON/);
});
