/** A call with arguments that no message can hold fails by itself, and every other instance goes on. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { JavaScriptGuest } from "../../../runtime/javascript/pool.js";
import { PLACES } from "../guest.js";
import { useEngine } from "../real.js";

const folder = fileURLToPath(new URL("../javascript/flows", import.meta.url));
const javascript = () =>
  new JavaScriptGuest({
    deployment: { root: folder, main: `${folder}/unsendable.js`, vars: {}, bindings: null },
    isolates: 1,
  });

const CASES = [
  { place: "in JavaScript", open: () => useEngine(javascript()) },
  ...PLACES.map(({ where, runtime, transport }) => ({
    place: where,
    open: () => useEngine("unsendable.py", { runtime, transport }),
  })),
];

for (const { place, open } of CASES) {
  describe(`arguments that cannot be sent, ${place}`, () => {
    const real = open();

    test("each such call fails, and 20 instances beside it complete", async () => {
      const healthy = Array.from({ length: 20 }, () => real.run("Healthy"));

      const { status, output, error } = await real.run("Unsendable");

      assert.equal(error, null);
      assert.deepEqual([status, output], ["complete", []]);
      const ended = await Promise.all(healthy);
      assert.deepEqual(
        ended.map((each) => each.output),
        Array.from({ length: 20 }, () => 20),
      );
      assert.deepEqual(real.problems, []);
    });
  });
}
