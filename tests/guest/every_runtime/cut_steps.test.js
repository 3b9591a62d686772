/** A step whose outcome no longer counts is told so, and its `finally` block runs. */

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { JavaScriptGuest } from "../../../runtime/javascript/pool.js";
import { Engine } from "../engine.js";
import { openGuest, PLACES } from "../guest.js";

const folder = fileURLToPath(new URL("../javascript/flows", import.meta.url));
const javascript = () =>
  new JavaScriptGuest({ deployment: { root: folder, main: `${folder}/cut_steps.js`, vars: {} }, isolates: 1 });
const ABORTED = "The outcome of this attempt no longer counts.";

const CASES = [
  { place: "in JavaScript", open: javascript, timedOut: `listened\n${ABORTED}`, givenUp: ABORTED, shared: true },
  ...PLACES.map(({ where, runtime, transport }) => ({
    place: where,
    open: () => openGuest("cut_steps.py", { runtime, transport }),
    timedOut: "CancelledError",
    // `except Exception` does not catch it, and code cannot go on after it.
    givenUp: "GeneratorExit",
    // In the sandbox nothing is left of the interpreter.
    shared: runtime !== "wasmtime",
  })),
];

for (const { place, open, timedOut, givenUp, shared } of CASES) {
  describe(`a step that is given up ${place}`, () => {
    const guest = open();
    const engine = new Engine(guest);
    before(() => guest.load());
    after(() => guest.dispose());

    test("one that has timed out is told, and what it prints then is its own", async () => {
      const run = engine.start("Slow");
      const { ref } = await run.next("do");
      await run.next("log", ({ text }) => text.includes("begun"));

      run.send({ type: "expired", ref, attempt: 1 });
      await run.next("log", ({ text }) => text.includes("finally"));

      const lines = run.logs.map(({ text }) => text.trimEnd()).join("\n");
      assert.equal(lines, `begun\n${timedOut}\nfinally`);
      assert.ok(run.logs.every((line) => line.ref === ref));
      run.send({ type: "drop", reason: "test" });
    });

    if (shared) {
      test("one of an instance that is terminated is told, and what it prints then is not kept", async () => {
        const { length } = await engine.run("Told");
        const run = engine.start("Slow");
        await run.next("log", ({ text }) => text.includes("begun"));

        run.send({ type: "drop", reason: "it has been terminated" });

        assert.deepEqual((await engine.run("Told")).slice(length), [givenUp, "finally"]);
        assert.equal(run.logs.length, 1);
      });
    }

    if (shared && place !== "in JavaScript") {
      for (const waits of ["inside", "outside"]) {
        test(`generators that a step reads are closed where the instance is terminated while one waits ${waits} of them`, async () => {
          const { length } = await engine.run("Told");
          const run = engine.start("Streams", { payload: { waits } });
          await run.next("log", ({ text }) => text.includes("read"));

          run.send({ type: "drop", reason: "it has been terminated" });

          assert.deepEqual((await engine.run("Told")).slice(length).toSorted(), ["inner closed", "outer closed"]);
        });
      }
    }
  });
}
