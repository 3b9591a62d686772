import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { PLACES, useGuest } from "../guest.js";

/** @param {any} entry @returns {any} */
const done = (entry) => ({ kind: "do", count: 1, outcome: "value", ...entry });

for (const { where, runtime, transport } of PLACES) {
  describe(`replay ${where}`, () => {
    const { engine } = useGuest("replay.py", { runtime, transport });

    test("finished steps replay without a message, and ten times as many take no longer than ten replays", async () => {
      /** @param {number} steps how many ms they take */
      const replay = async (steps) => {
        const history = Array.from({ length: steps }, (_, i) => done({ name: "step", count: i + 1, value: "2" }));
        const began = performance.now();
        const run = engine.start("Many", { payload: steps, history });

        assert.equal(await run.output, 2 * steps);
        assert.deepEqual(
          run.messages.map(({ type }) => type),
          ["end"],
        );
        return performance.now() - began;
      };
      const replayFive = async () => {
        let taken = 0;
        for (let time = 0; time < 5; time++) taken += await replay(400);
        return taken;
      };
      await replay(400);

      // What is compared takes equally long, so that a busy machine slows down both.
      const before = await replayFive();
      const many = await replay(4000);
      const few = before + (await replayFive());

      // If each step looked through all of the history it would be ten times.
      assert.ok(many < 6 * few, `ten times 400 steps took ${few} ms, 4,000 took ${many} ms`);
    });

    for (const [title, className, given] of /** @type {const} */ ([
      ["the code that begins a task at once goes on before the task gets an outcome", "BeginsAtOnce", [false, 1]],
      ["a task that has been cancelled learns of it where it awaits a finished step", "CancelledBefore", "cancelled"],
      ["what is runnable runs before a finished step gives its outcome", "RunnableFirst", ["other task", "one"]],
    ])) {
      test(title, async () => {
        assert.deepEqual(await engine.run(className), given);
        assert.deepEqual(await engine.run(className, { history: [done({ name: "one", value: "1" })] }), given);
      });
    }

    test("steps, sleeps and waits of the same name are remembered apart", async () => {
      const history = [
        done({ name: "same", value: '"old"' }),
        done({ kind: "sleep", name: "same", value: "true" }),
        done({ kind: "waitForEvent", name: "same", value: '{"payload":[1],"type":"x"}' }),
      ];

      assert.deepEqual(await engine.run("Kinds", { history }), ["old", null, [1]]);
    });

    test("a finished failure is raised again as the class it was, with the first traceback as a note", async () => {
      const error = { name: "ValueError", message: "bad", type: "builtins:ValueError", traceback: "line 7" };
      const history = [{ kind: "do", name: "broken", count: 1, outcome: "error", error }];

      // @ts-expect-error a literal's type is wider
      const found = await engine.run("Failed", { history });
      assert.deepEqual(found.slice(0, 3), ["ValueError", "bad", null]);
      assert.match(found[3][0], /line 7/);
    });

    test("a class that is not at hand is a StepError with its name", async () => {
      const error = { name: "Gone", message: "bad", type: "old_module:Gone" };
      const history = [{ kind: "do", name: "broken", count: 1, outcome: "error", error }];

      // @ts-expect-error a literal's type is wider
      const found = await engine.run("Failed", { history });
      assert.deepEqual(found, ["StepError", "bad", "Gone", []]);
    });

    for (const outcome of /** @type {const} */ (["open", "stored"])) {
      test(`a step that is ${outcome} is left to the engine`, async () => {
        const run = engine.start("Mixed", {
          history: [{ kind: "do", name: "first", count: 1, outcome }],
          answer: ({ type, name }) => type === "do" && name === "first",
        });

        const { started, ref } = await run.next("do");
        run.send({ type: "resolve", ref, value: "1" });

        await run.output;
        assert.equal(started, undefined);
        assert.deepEqual(
          run.messages.filter(({ type }) => type === "done").map(({ value }) => value),
          ["2"],
        );
      });
    }

    test("what is printed again on the way through the history is marked", async () => {
      const run = engine.start("Mixed", { history: [done({ name: "first", value: "1" })], cut: true });

      await run.output;
      assert.deepEqual(
        run.logs.map(({ text, replay, ref }) => [text, replay ?? false, ref !== undefined]),
        [
          ["before", true, false],
          ["between", false, false],
          ["in second", false, true],
          ["after", false, false],
        ],
      );
    });

    test("more steps than the limit are refused; sleeps do not count", async () => {
      const said = await engine.run("Limit", { stepLimit: 2 });

      assert.deepEqual(said, [
        "StepError",
        "WorkflowFatalError",
        "The limit of 2 steps has been reached. This limit can be changed in your worker configuration.",
      ]);
    });

    test("on hold no attempt begins by itself", async () => {
      const run = engine.start("Held", {
        answer: ({ type, ref }, self) => {
          if (type !== "sleep") return false;
          self.send({ type: "hold", on: true });
          self.send({ type: "resolve", ref });
          return true;
        },
      });

      assert.equal(await run.output, 1);
      assert.equal((await run.next("do")).started, undefined);
    });

    test("the outcome of an attempt that has timed out does not count", async () => {
      const run = engine.start("LateOutcome");
      const { ref } = await run.next("do");

      run.send({ type: "expired", ref, attempt: 1 });
      run.send({ type: "attempt", ref, attempt: 2, config: (await import("../engine.js")).DEFAULTS });

      assert.equal(await run.output, "in time");
      assert.equal(run.messages.filter(({ type }) => type === "done").length, 1);
    });

    test("recorded outcomes are given in the order of the history, not of the calls", async () => {
      const history = [
        done({ name: "b", value: '"b"' }),
        done({ name: "save", count: 1, value: '"saved b"' }),
        done({ name: "a", value: '"a"' }),
        done({ name: "save", count: 2, value: '"saved a"' }),
      ];

      assert.deepEqual(await engine.run("Order", { history }), ["saved a", "saved b"]);
    });

    test("outcomes that the code does not call any more are skipped", async () => {
      const history = Array.from({ length: 200 }, (_, n) => done({ name: `step ${n}`, value: String(n) }));

      assert.equal(await engine.run("Missing", { history, payload: 200 }), 9900);
    });

    test("a step runs beside a loop that never waits", async () => {
      assert.equal(await engine.run("Spins"), "done");
    });

    test("a step that has timed out is cancelled, and what its finally block prints is kept", async () => {
      const run = engine.start("Cancelled");
      const { ref } = await run.next("do");

      run.send({ type: "expired", ref, attempt: 1 });
      await run.next("log", ({ text }) => text.includes("cleaned up"));

      assert.match(run.logs.map(({ text }) => text).join("\n"), /^cancelled\ncleaned up$/);
      run.send({ type: "drop", reason: "test" });
    });

    test("an exception is made anew of what is stored, also where the step has just run", async () => {
      assert.deepEqual(await engine.run("MadeAnew"), { same: false, args: ["missing", 3], unstored: false });
    });

    test("whatever a step raises, those who wait for it get an Exception", async () => {
      assert.deepEqual(await engine.run("NoExceptions"), [
        ["StepError", "SystemExit", "text"],
        ["StepError", "KeyboardInterrupt", "text"],
        ["StepError", "CancelledError", "text"],
        ["StepError", "GeneratorExit", "text"],
        ["RuntimeError", null, "coroutine raised StopIteration"],
        ["RecursionError", null, "text"],
        ["MemoryError", null, "text"],
      ]);
    });

    test("an exception of the user's comes back with all its attributes", async () => {
      assert.deepEqual(await engine.run("OwnError"), [7, "try again", "code 7"]);
    });

    test("a subclass of NonRetryableError is not retried and keeps its message", async () => {
      const run = engine.start("NonRetryable");

      assert.deepEqual(await run.output, ["Subclass", "one\ntwo"]);
      assert.equal(run.messages.filter(({ type }) => type === "failed").length, 1);
    });

    test("an uncaught exception fails the run by name, message and traceback of the user's file", async () => {
      const error = await engine.run("Uncaught").catch(({ wire }) => wire);

      assert.deepEqual([error.name, error.message, error.type], ["ValueError", "bad\nvalue", "builtins:ValueError"]);
      assert.match(error.traceback, /flows\/replay\.py", line \d+, in broken\n/);
    });
  });
}
