import assert from "node:assert/strict";
import { before, test } from "node:test";

import { decode, encode } from "../../bridge/values.js";
import { loadGuest, readVectors } from "./guest.js";

/** @typedef {{ name: string, text: string, python: string, refused?: string, decodeOnly?: string[], encodeOnly?: string[] }} Vector */

/** @type {Vector[]} */
const vectors = readVectors();

/** @type {(expression: string) => string} */
let encodeInPython;
/** @type {(text: string) => string} */
let recodeInPython;
/** @type {(text: string, expression: string) => boolean} */
let decodesTo;
/** @type {(count: number) => string[]} */
let encodeRandom;

before(async () => {
  const pyodide = await loadGuest();
  pyodide.runPython(`
    from _workflows_bridge.values import NotSerializableError, decode, encode
    from random import Random
    from vector_values import evaluate, random_value, same

    def encode_here(expression):
        try:
            return encode(evaluate(expression))
        except NotSerializableError as error:
            return str(error)

    def recode_here(text):
        return encode(decode(text))

    def encode_random(count):
        chance = Random(20261121)
        return "\\n".join(encode(random_value(chance)) for _ in range(count))

    def decodes_to(text, expression):
        return same(decode(text), evaluate(expression))
  `);
  encodeInPython = pyodide.globals.get("encode_here");
  recodeInPython = pyodide.globals.get("recode_here");
  decodesTo = pyodide.globals.get("decodes_to");
  const encodeSome = pyodide.globals.get("encode_random");
  encodeRandom = (count) => encodeSome(count).split("\n");
});

for (const { name, text, python, refused, decodeOnly = [], encodeOnly = [] } of vectors) {
  if (python === undefined) continue;
  if (!decodeOnly.includes("python")) {
    test(`encode in a guest: ${name}`, () => {
      assert.equal(encodeInPython(python), refused ?? text);
    });
  }
  if (refused === undefined && !encodeOnly.includes("python")) {
    test(`decode in a guest: ${name}`, () => {
      assert.ok(decodesTo(text, python));
    });
  }
}

for (const { name, text, python, refused, decodeOnly = [], encodeOnly = [] } of vectors) {
  if (python === undefined || refused !== undefined || decodeOnly.length > 0 || encodeOnly.length > 0) continue;
  test(`Python to JavaScript and back: ${name}`, () => {
    const back = encode(decode(encodeInPython(python)));

    assert.equal(back, text);
    assert.equal(recodeInPython(back), text);
  });
}

test("the greatest depth that is allowed crosses without harm to the interpreter", () => {
  const text = `${"[".repeat(256)}${"]".repeat(256)}`;

  assert.equal(recodeInPython(text), text);
  const sets = `${'{"$":"object","v":[["$",'.repeat(256)}null${"]]}".repeat(256)}`;
  assert.equal(recodeInPython(sets), sets);
});

test("values of every shape come back from JavaScript as they were", () => {
  const texts = encodeRandom(300);

  for (const text of texts) assert.equal(encode(decode(text)), text);
  for (const text of texts) assert.equal(recodeInPython(text), text);
});
