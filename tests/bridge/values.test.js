import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { MAX_DEPTH, NotSerializableError, decode, encode } from "../../bridge/values.js";

/** @typedef {{ name: string, text: string, js: string, refused?: string, decodeOnly?: string[], encodeOnly?: string[] }} Vector */

/** @type {Vector[]} */
const vectors = JSON.parse(readFileSync(new URL("../../bridge/vectors.json", import.meta.url), "utf8"));

function cycle() {
  /** @type {any} */
  const value = {};
  value.a = { b: [value] };
  return { a: value.a };
}

/** @param {number} levels */
function deep(levels) {
  /** @type {unknown[]} */
  let value = [];
  for (let level = 1; level < levels; level++) value = [value];
  return value;
}

/** @param {string} expression */
function evaluate(expression) {
  // oxlint-disable-next-line typescript/no-implied-eval -- the vectors are our own
  return new Function("cycle", "deep", `return (${expression});`)(cycle, deep);
}

for (const { name, text, js, refused, decodeOnly = [], encodeOnly = [] } of vectors) {
  if (js === undefined) continue;
  if (refused !== undefined) {
    test(`refused: ${name}`, () => {
      assert.throws(() => encode(evaluate(js)), new NotSerializableError(refused));
    });
    continue;
  }
  if (!decodeOnly.includes("js")) {
    test(`encode: ${name}`, () => {
      assert.equal(encode(evaluate(js)), text);
    });
  }
  if (!encodeOnly.includes("js")) {
    test(`decode: ${name}`, () => {
      assert.deepStrictEqual(comparable(decode(text)), comparable(evaluate(js)));
    });
  }
}

/**
 * Errors by name and message: their stacks and the class that stands in for an unknown one differ.
 *
 * @param {unknown} value
 */
function comparable(value) {
  return value instanceof Error ? `${value.name}: ${value.message}` : value;
}

test("the message calls the value what the caller calls it", () => {
  assert.throws(
    () => encode({ a: [Symbol("x")] }, "event.payload"),
    /^NotSerializableError: event\.payload\["a"\]\[0\] is a symbol, /,
  );
});

test("the greatest depth that is allowed can be written and read", () => {
  assert.deepEqual(decode(encode(deep(MAX_DEPTH))), deep(MAX_DEPTH));
});

test("a key __proto__ changes no prototype", () => {
  const value = decode('{"$":"object","v":[["$",1],["__proto__",{"x":{"$":"date","v":"1970-01-01T00:00:00.000Z"}}]]}');

  assert.equal(Object.getPrototypeOf(value), Object.prototype);
  assert.equal(value.x, undefined);
  assert.ok(Object.hasOwn(value, "__proto__"));
});

test("encoding changes nothing in the value", () => {
  const value = { a: [1n, { b: undefined }], $: -0 };

  encode(value);

  assert.deepStrictEqual(value, { a: [1n, { b: undefined }], $: -0 });
});

test("an unknown tag is an error", () => {
  assert.throws(() => decode('[{"$":"future","v":1}]'), /Unknown tag "future"/);
});
