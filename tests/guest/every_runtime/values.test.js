/** Values are what the user gave, from params to output: numbers beyond JSON's, and text that has no UTF-8. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { JavaScriptGuest } from "../../../runtime/javascript/pool.js";
import { PLACES } from "../guest.js";
import { useEngine } from "../real.js";

const folder = fileURLToPath(new URL("../javascript/flows", import.meta.url));
const javascript = () =>
  new JavaScriptGuest({ deployment: { root: folder, main: `${folder}/values.js`, vars: {} }, isolates: 1 });

const CASES = [
  {
    place: "in JavaScript",
    open: () => useEngine(javascript()),
    types: ["bigint", "bigint", "number", "number"],
    whole: "1",
    caught: "step \\ud800",
  },
  ...PLACES.map(({ where, runtime, transport }) => ({
    place: where,
    open: () => useEngine("values.py", { runtime, transport }),
    types: ["int", "int", "float", "float"],
    whole: "1.0",
    // Made anew of its arguments, which are values.
    caught: "step \ud800",
  })),
];

/** @param {string} whole how 1.0 is written */
const numbers = (whole) =>
  '{"big":{"$":"bigint","v":"9007199254740993"},"huge":{"$":"bigint","v":"123456789012345678901234567890"},' +
  `"whole":${whole},"nan":{"$":"number","v":"NaN"}}`;

for (const { place, open, types, whole, caught } of CASES) {
  describe(`values ${place}`, () => {
    const real = open();

    /** @param {string} workflow @param {string} params canonical text */
    async function run(workflow, params) {
      const id = await real.engine.creator.create(workflow, { params });
      const detail = await real.end(workflow, id);
      const { number, output } = await real.engine.get(workflow, id);
      return { detail, output, log: await real.engine.log(number), printed: await real.engine.output(number) };
    }

    test("large integers, whole floats and NaN come out as they went in", async () => {
      const { output } = await run("Numbers", numbers("1.0"));

      const value = numbers(whole);
      const same = "[true,true,true,true]";
      assert.equal(
        output,
        `{"given":${value},"kept":${value},"made":${value},"types":${JSON.stringify(types)},"same":${same}}`,
      );
    });

    test("half of a pair of surrogates is kept in values and keys, and written out in texts", async () => {
      const { detail, output, log, printed } = await run("Surrogates", "null");

      assert.equal(detail.error, null);
      assert.deepEqual(JSON.parse(String(output)), {
        caught,
        kept: { "key \ud800": "value \udc00" },
        same: true,
      });
      assert.deepEqual(
        printed.map(({ text }) => text),
        ["printed \\udc00"],
      );
      assert.match(JSON.stringify(log), /name \\\\ud800/);
      assert.ok(/** @type {any} */ (JSON.stringify([output, log, printed])).isWellFormed());
    });

    test("the error of an instance has half of a pair written out", async () => {
      const { detail } = await run("Failing", "null");

      assert.equal(detail.error?.message, "run \\ud800");
      assert.ok(/** @type {any} */ (JSON.stringify(detail.error)).isWellFormed());
    });
  });
}
