/** Payloads against the schema of what `run` is annotated with. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { payloadProblem } from "../../js/server/payload_check.js";

const SCHEMA = {
  type: "object",
  properties: {
    items: { type: "array", items: { $ref: "#/$defs/Item" } },
    due: { anyOf: [{ type: "string", format: "date-time" }, { type: "null" }] },
    format: { type: "string" },
  },
  additionalProperties: false,
  required: ["items"],
  $defs: {
    Item: {
      type: "object",
      properties: { name: { type: "string" }, price: { type: "number" } },
      required: ["name", "price"],
    },
  },
};

for (const [params, problem] of [
  ['{"items":[]}', undefined],
  ['{"items":[{"name":"tea","price":1.5}],"due":"2026-12-24T18:00:00","format":"x"}', undefined],
  ['{"items":[],"due":{"$":"date","v":"2026-12-24T18:00:00.000Z"}}', undefined],
  ["{}", "payload.items: expected array, received undefined"],
  ['"x"', "payload: expected object, received string"],
  ['{"items":[{"name":"tea","price":"1"}]}', "payload.items[0].price: expected number, received string"],
  ['{"items":[],"due":3}', "payload.due: expected string, received number, or expected null, received number"],
  ['{"items":[],"itms":[]}', 'payload: unrecognized key: "itms"'],
]) {
  test(`${params}: ${problem ?? "fits"}`, () => {
    assert.equal(payloadProblem(SCHEMA, /** @type {string} */ (params)), problem);
  });
}

test("a schema that says what cannot be checked here leaves the payload to run()", () => {
  assert.equal(payloadProblem({ $ref: "https://example.com/elsewhere.json" }, "1"), undefined);
});
