import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { PLACES, useGuest } from "../guest.js";

describe("WorkflowStep as a JsProxy", () => {
  const { engine } = useGuest("proxy.py");
  const answer = (/** @type {any} */ { type, ref }, /** @type {any} */ run) => {
    if (type === "waitForEvent") run.send({ type: "resolve", ref, value: '{"payload":{"n":5},"type":"x"}' });
    return type === "waitForEvent";
  };

  test("Python calls it with plain callbacks and JavaScript's values", async () => {
    const run = engine.start("FromPython", { answer });

    assert.deepEqual(await run.output, [{ a: [1, 2] }, [["work", 1, 1, 5]], 5, "x"]);
    const calls = run.messages.filter(({ type }) => !["done", "end", "quiet"].includes(type));
    assert.deepEqual(
      calls.map(({ type, name, duration, until, eventType, timeout }) => [
        type,
        name,
        duration ?? until ?? eventType,
        timeout,
      ]),
      [
        ["do", "work", undefined, undefined],
        ["sleep", "nap", "1 minute", undefined],
        ["sleep", "until", 1_800_000_000_000, undefined],
        ["waitForEvent", "wait", "x", 1000],
      ],
    );
  });

  for (const way of ["sleeping", "waiting", "gathering", "timing"]) {
    test(`a pass that is ${way} on its promises comes to rest`, async () => {
      const run = engine.start("Rests", {
        payload: way,
        answer: ({ type }) => type === "sleep" || type === "waitForEvent",
      });

      assert.equal((await run.next("quiet")).seen, 1);
      run.send({ type: "drop", reason: "test" });
    });
  }

  test("a pass with a promise of its own is not at rest before that has been kept", async () => {
    const began = performance.now();
    const run = engine.start("Rests", { payload: "fetching", answer: ({ type }) => type === "sleep" });

    await run.next("quiet");
    assert.ok(performance.now() - began >= 55, "it was said to be at rest too early");
    run.send({ type: "drop", reason: "test" });
  });

  test("its methods give promises", async () => {
    assert.deepEqual(await engine.run("Shape"), ["WorkflowStep", true, true, true]);
  });

  test("both transports of one pass count together", async () => {
    assert.deepEqual(await engine.run("BothLanes"), [1, 2, 3, 4, 5]);
  });

  test("JavaScript's own callbacks and values work, Promise.all too", async () => {
    assert.deepEqual(JSON.parse(await engine.run("FromJs")), [[["big", 1]], true, true, 0, 2]);
  });

  test("what a callback in JavaScript throws is what its caller catches", async () => {
    const run = engine.start("Throws");

    assert.equal(await run.output, true);
    const { error } = await run.next("failed");
    assert.deepEqual([error.name, error.message], ["RangeError", "too far"]);
  });

  test("what a callback in Python raises crosses as data, by its class and message", async () => {
    const run = engine.start("PythonThrows");

    assert.deepEqual(await run.output, ["ValueError", "bad"]);
    assert.equal((await run.next("failed")).error.type, "builtins:ValueError");
  });

  test("the SDK of Python takes JavaScript's objects for configurations and times", async () => {
    const run = engine.start("Given");

    await run.output;
    const retries = { limit: 1, delay: 0 };
    const calls = run.messages.filter(({ type }) => type === "do" || type === "sleep");
    assert.deepEqual(
      calls.map(({ name, config, rollback, until }) => [name, config ?? until, rollback?.config]),
      [
        ["object", { retries, timeout: "1 minute" }, { retries, timeout: "1 minute" }],
        ["map", { retries }, { retries }],
        ...[
          ["delay", { retries: { limit: 1, delay: { $: "a function" } } }],
          ["function", { $: "a function" }],
          ["date", { $: "a datetime" }],
        ].map(([name, config]) => [name, config, config]),
        ["date", 1_800_000_000_000, undefined],
        ["no date", "NaN", undefined],
      ],
    );
  });

  test("a missing callback and rollback options are refused", async () => {
    assert.deepEqual(await engine.run("Refusals"), [
      ["WorkflowFatalError", 'Step "x" requires a callback function'],
      ["WorkflowFatalError", 'Step "x" requires a callback function'],
      ["WorkflowFatalError", 'Rollback for "x" must be a function'],
    ]);
  });

  test("its steps count against the limit", async () => {
    assert.equal(await engine.run("Limited", { stepLimit: 0 }), "WorkflowFatalError");
  });

  test("finished steps replay without a message", async () => {
    const run = engine.start("Cached", {
      history: [
        { kind: "do", name: "done", count: 1, outcome: "value", value: "[7]" },
        { kind: "do", name: "broken", count: 1, outcome: "error", error: { name: "Gone", message: "was here" } },
      ],
    });

    assert.deepEqual(await run.output, [[7], ["Gone", "was here"]]);
    assert.equal(run.messages.length, 1);
  });
});

for (const { where, runtime, transport } of PLACES.filter(({ besideJs }) => besideJs)) {
  describe(`objects that cross ${where}`, () => {
    const { engine, guest } = useGuest("proxy.py", { runtime, transport });

    for (const payload of ["end", "fail", "park"]) {
      test(`nothing is left behind by passes that ${payload}`, async () => {
        const once = async () => {
          const run = engine.start("Leaks", {
            payload,
            answer: ({ type, name }) => type === "sleep" && name.startsWith("park"),
          });
          if (payload === "park") {
            await run.next("sleep", ({ name }) => name === "park too");
            run.send({ type: "drop", reason: "park" });
          } else await run.output.catch(() => {});
        };
        await guest.census();
        for (let i = 0; i < 5; i++) await once();
        const [before] = await guest.census();

        for (let i = 0; i < 20; i++) await once();

        const [after] = await guest.census();
        assert.deepEqual([after.passes, after.tasks], [0, 0]);
        const grown = [after.jsObjects - before.jsObjects, after.pyProxies - before.pyProxies];
        assert.deepEqual(grown, [0, 0]);
        assert.ok(after.objects - before.objects < 20, `${after.objects - before.objects} Python objects`);
      });
    }
  });
}
