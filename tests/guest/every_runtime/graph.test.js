import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { PLACES, useGuest } from "../guest.js";

for (const { where, runtime, transport } of PLACES) {
  describe(`dependencies ${where}`, () => {
    const { engine } = useGuest("graph.py", { runtime, transport });

    test("a parameter is the name of a step, of a decorated function, or ctx; defaults are ignored", async () => {
      assert.deepEqual(await engine.run("Names"), [3, "total", 1, 2]);
    });

    test("with depends, parameters other than ctx are matched by position", async () => {
      assert.deepEqual(await engine.run("Depends"), [[1, 1, 2], 2]);
    });

    test("a dependency may be declared later than the step that needs it", async () => {
      assert.equal(await engine.run("Late"), 2);
    });

    test("a step that is called ctx comes before the context", async () => {
      assert.equal(await engine.run("ContextStep"), "the step");
    });

    test("what does not match is refused before anything is sent", async () => {
      const run = engine.start("Mistakes");

      const [unknown, withDefault, tooFew, tooMany, noStep, any] = await run.output;
      assert.match(unknown, /^Received unexpected parameter missing in step 'unknown parameter': /);
      assert.match(withDefault, /^Received unexpected parameter other in step 'default': .* Steps: /);
      assert.match(tooFew, /^Step 'too few' has 0 parameters besides 'ctx', but depends on 1 steps/);
      assert.match(tooMany, /^Step 'too many' has 2 parameters besides 'ctx', but depends on 1 steps/);
      assert.match(noStep, /^Step 'no step' depends on <function .*, which is no step/);
      assert.match(any, /^Received unexpected parameter args in step 'any'/);
      assert.deepEqual(
        run.messages.map(({ type }) => type),
        ["end"],
      );
    });

    test("a dependency that has finished is not run again; a direct call is a step of its own", async () => {
      assert.deepEqual(await engine.run("Memo"), [[1, 1], 2, 2]);
    });

    test("a step that was called directly and is under way serves those who depend on it", async () => {
      const run = engine.start("Direct");

      assert.deepEqual(await run.output, [1, 1]);
      const steps = run.messages.filter(({ type }) => type === "do").map(({ name }) => name);
      assert.deepEqual(steps, ["shared", "dependent"]);
    });

    test("a deep concurrent diamond runs the shared step once", async () => {
      const run = engine.start("Diamond");

      assert.deepEqual(await run.output, [6, ["a", "b", "c", "z"]]);
      assert.equal(run.messages.filter(({ type }) => type === "do").length, 5);
    });

    test("dependencies run one after the other, or at the same time where the step is concurrent", async () => {
      const [, oneByOne] = await engine.run("Concurrent", { payload: false });
      const [both, together] = await engine.run("Concurrent", { payload: true });

      assert.deepEqual(oneByOne, ["slow begins", "slow ends", "fast begins", "fast ends"]);
      assert.deepEqual(together, ["slow begins", "fast begins", "fast ends", "slow ends"]);
      assert.deepEqual(both, ["slow", "fast"]);
    });

    test("steps that depend on each other in a circle are refused, with the circle", async () => {
      const [plain, own, ...apart] = await engine.run("Cycle");

      assert.equal(plain, "Steps depend on each other in a circle: c -> a -> b -> c.");
      assert.equal(own, "Steps depend on each other in a circle: own -> own.");
      assert.equal(apart.length, 2);
      for (const said of apart) assert.match(said, /^Steps depend on each other in a circle: /);
    });

    test("a failed dependency is not remembered, its dependent does not start, its siblings go on", async () => {
      const ran = await engine.run("Failing");

      assert.deepEqual(ran.toSorted(), ["broken", "broken", "no", "no", "sibling"]);
    });

    test("a callback takes its context and its dependencies by keyword only", async () => {
      assert.deepEqual(await engine.run("KeywordOnly"), [[1, "second"], 1]);
    });

    test("each dependent, and who calls a step, has a result of its own", async () => {
      assert.deepEqual(await engine.run("OwnResults", { payload: 1 }), [1, 3, 3]);
    });

    test("steps of the same name that are made in a loop have dependencies of their own", async () => {
      assert.deepEqual(await engine.run("Loop"), [0, 2, 4]);
    });
  });
}
