import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { PLACES, useGuest } from "../guest.js";

const asleep = (/** @type {any} */ { type }) => type === "sleep" || type === "waitForEvent" || type === "failed";

for (const { where, runtime, transport, besideJs } of PLACES) {
  describe(`sleeps and waits ${where}`, () => {
    const { engine } = useGuest("waiting.py", { runtime, transport });

    test("durations and times are handed on in ms or as text, naive times being UTC", async () => {
      const run = engine.start("Durations");

      assert.deepEqual(await run.output, [null, null]);
      const sleeps = run.messages.filter(({ type }) => type === "sleep");
      assert.deepEqual(
        sleeps.map(({ name, count, duration, until }) => [name, count, duration ?? { until }]),
        [
          ["ms", 1, 1500],
          ["text", 1, "5 minutes"],
          ["keyword", 1, 3_600_000.5],
          ["naive", 1, { until: 1_795_239_360_123.456 }],
          ["aware", 1, { until: 1_795_232_160_123.456 }],
          ["number", 1, { until: 1_763_703_360_123 }],
          ["same", 1, 1],
          ["same", 2, 2],
        ],
      );
    });

    test("a sleep begins with the call, awaited or not", async () => {
      const run = engine.start("Unawaited");

      await run.output;
      assert.equal((await run.next("sleep")).name, "begins by itself");
    });

    test("sleeps and steps in one gather leave in one batch", async () => {
      const run = engine.start("Together");

      await run.output;
      assert.deepEqual(
        run.messages.slice(0, 3).map(({ type }) => type),
        ["sleep", "sleep", "do"],
      );
    });

    test("an event is readable by attribute and key, its time aware", async () => {
      const value =
        '{"payload":{"approved":true},"timestamp":{"$":"date","v":"2026-01-02T03:04:05.678Z"},"type":"approval"}';
      const run = engine.start("Wait");

      const { ref, eventType, timeout } = await run.next("waitForEvent");
      run.send({ type: "resolve", ref, value });

      assert.deepEqual([eventType, timeout], ["approval", 2000]);
      assert.deepEqual(await run.output, [true, "approval", true, "datetime"]);
    });

    test("a wait takes 24 hours where nothing else is said", async () => {
      const run = engine.start("DefaultTimeout");

      assert.equal((await run.next("waitForEvent")).timeout, "24 hours");
      run.send({ type: "drop", reason: "test" });
    });

    test("a wait that times out raises WorkflowTimeoutError", async () => {
      const run = engine.start("TimedOut");

      const { ref } = await run.next("waitForEvent");
      const error = { name: "WorkflowTimeoutError", message: "Execution timed out after 86400000ms" };
      run.send({ type: "reject", ref, error });

      assert.equal(await run.output, "Execution timed out after 86400000ms");
    });

    for (const way of [
      "sleeping",
      "waiting",
      "retrying",
      "gathering",
      "grouping",
      "racing",
      "queueing",
      "depending",
      // What nothing else can settle: there the thread is asked.
      ...(besideJs ? ["with_own_future"] : []),
    ]) {
      test(`a pass that is ${way.replaceAll("_", " ")} comes to rest`, async () => {
        const run = engine.start("Rest", { payload: way, answer: asleep });

        const { seen } = await run.next("quiet");
        const told = run.messages.filter(({ type }) => type === "do" || type === "done").length;
        // The engine has answered what it could: one message for each step that has finished, besides the start.
        assert.ok(seen >= 1 && seen <= 1 + told, `seen ${seen}, told ${told}`);
        run.send({ type: "drop", reason: "test" });
      });
    }

    for (const way of ["with_own_sleep", "with_timeout", "with_own_future", "with_promise", "with_running_step"]) {
      test(
        `a pass that sleeps ${way.replaceAll("_", " ")} is not at rest`,
        { skip: way === (besideJs ? "with_own_future" : "with_promise") },
        async () => {
          const run = engine.start("Rest", { payload: way, answer: asleep });

          const { ref } = await run.next("sleep");
          // A second pass makes sure that the guest has had all its turns.
          await engine.run("Unawaited");
          assert.deepEqual(
            run.messages.filter(({ type }) => type === "quiet"),
            [],
          );
          run.send({ type: "resolve", ref });
          run.send({ type: "drop", reason: "test" });
        },
      );
    }

    test("a pass comes to rest when what it waited for besides has come", async () => {
      const run = engine.start("Rest", { payload: "with_short_own_sleep", answer: asleep });

      assert.equal((await run.next("quiet")).seen, 1);
      run.send({ type: "drop", reason: "test" });
    });

    const gone = runtime === "wasmtime" && "an interpreter whose pass is dropped is gone, and no code of it runs";

    test("a pass that is dropped cleans up in silence and can call nothing more", { skip: gone }, async () => {
      const run = engine.start("Dropped", { answer: asleep });
      await run.next("quiet");

      run.send({ type: "drop", reason: "park" });

      assert.deepEqual(await engine.run("Seen"), [
        "SessionClosed",
        "This run of workflow 'flow' is over: park.",
        "SessionClosed",
      ]);
      assert.deepEqual(run.logs, []);
    });

    test("code that swallows the end of its pass is named in a warning", { skip: gone }, async () => {
      const run = engine.start("Stubborn", { answer: asleep });
      await run.next("quiet");

      run.send({ type: "drop", reason: "park" });

      const { level, text } = await run.next("log");
      assert.equal(level, "warning");
      assert.match(text, /^Workflow 'flow' went on when its run was given up: /);
    });

    test("what wakes a pass after it was dropped is harmless", { skip: !besideJs }, async () => {
      const run = engine.start("Restless", { answer: asleep });
      await run.next("sleep");

      run.send({ type: "drop", reason: "park" });

      assert.deepEqual(await engine.run("Woke"), []);
      assert.deepEqual(run.logs, []);
    });
  });
}
