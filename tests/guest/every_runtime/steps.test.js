import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { DEFAULTS } from "../engine.js";
import { PLACES, useGuest } from "../guest.js";

const vars = { GREETING: "hello", NESTED: { deep: [{ value: 7 }] } };

for (const { where, runtime, transport } of PLACES) {
  describe(`steps ${where}`, () => {
    const { engine } = useGuest("steps.py", { runtime, transport, vars });

    test("a step's name is given, or that of its function, and its callback is sync or async", async () => {
      const run = engine.start("Forms");

      assert.deepEqual(await run.output, [1, 2, 3, 4]);
      const names = run.messages.filter(({ type }) => type === "do").map(({ name }) => name);
      assert.deepEqual(names, ["inferred", "a name", "by keyword", "fourth"]);
    });

    test("a decorated step is an async function without parameters that knows its name", async () => {
      assert.deepEqual(await engine.run("Decorated"), ["a name", true, true, true]);
    });

    test("@step.do without parentheses is refused at once, with the right form", async () => {
      const said = await engine.run("Bare");

      assert.equal(said, "@step.do needs parentheses: write @step.do() or @step.do('name') above 'def charge'.");
    });

    test("bad arguments are refused at once, saying what was given and what to use", async () => {
      const said = await engine.run("Refusals");

      assert.deepEqual(said, {
        misspelt: 'step.do() has no option "concurent". Did you mean "concurrent"?',
        "in config": 'step.do() has no option "retries". Write config={"retries": ...}.',
        unknown: 'step.do() has no option "zzz". It has: name, depends, concurrent, config, rollback, rollback_config.',
        "endless config": 'The configuration of "x" cannot be sent: nested deeper than 64 levels',
        name: "The name of a step must be a str, not int.",
        depends: "depends must be a list of steps, not str.",
        nameless: "functools.partial(<built-in function print>) has no name of its own. Write step.do('its name').",
        "no function": 'Step "x" requires a callback function',
        sleep:
          "The duration of sleep 'x' is an object. Use milliseconds, a text such as \"5 minutes\", or a timedelta.",
        "sleep name": "The name of a sleep must be a str, not int.",
        until: "The time of sleep 'x' is a str. Use a datetime, or milliseconds since 1970.",
        wait: 'step.wait_for_event() has no option "event_type". Give name and type by position: step.wait_for_event("approval", "approved").',
        "event type": "The event type of wait 'x' must be a str, not int.",
      });
    });

    test("a configuration travels as it was written, timedeltas as ms and infinity as a word", async () => {
      const run = engine.start("Config");

      await run.output;
      const { config, started } = await run.next("do");
      assert.deepEqual(config, {
        retries: { limit: "Infinity", delay: 1500, backoff: "constant" },
        timeout: 120_000,
      });
      assert.equal(started, undefined);
    });

    const unshared =
      runtime === "wasmtime" && "each pass has an interpreter of its own, which has seen no configuration";
    const ends = runtime === "wasmtime" && "nothing outlives a run there: its interpreter goes with it";

    const shown = "once an attempt has shown that a configuration allows retries, the next step begins by itself";
    test(shown, { skip: unshared }, async () => {
      const run = engine.start("Config");

      await run.output;
      assert.equal((await run.next("do")).started, true);
    });

    test("no step begins by itself where the default is no retries", async () => {
      const retries = { ...DEFAULTS.retries, limit: 0 };
      const run = engine.start("Forms", { defaults: { ...DEFAULTS, retries } });

      await run.output;
      assert.ok(run.messages.every(({ started }) => started === undefined));
    });

    test("the context tells name, count, attempt and configuration, and is the callback's own copy", async () => {
      const retries = { ...DEFAULTS.retries, limit: 5 };
      const seen = await engine.run("Context", { defaults: { ...DEFAULTS, retries } });

      assert.deepEqual(seen, [
        ["named", 1, 1, 5],
        ["named", 1, 2, 5],
        ["named", 1, 3, 5],
        ["named", 2, 1, 5],
        ["named", 2, 2, 5],
        ["named", 2, 3, 5],
      ]);
    });

    test("calls of the same name are counted in the order of the calls", async () => {
      assert.deepEqual(await engine.run("Counts"), [1, 2, 3, 4]);
    });

    test("a result goes through the codec: never the original object", async () => {
      assert.deepEqual(await engine.run("Identity"), [false, [1, [2, 3]], "float"]);
    });

    test("a step or wait that is called and not awaited does not begin, and a warning names it", async () => {
      const run = engine.start("Never");

      assert.equal(await run.output, "end");
      assert.deepEqual(
        run.messages.filter(({ type }) => type !== "log").map(({ type }) => type),
        ["end"],
      );
      const warnings = run.logs.filter(({ level }) => level === "warning").map(({ text }) => text);
      assert.match(warnings.join("\n"), /coroutine 'step\.do\('never awaited'\)' was never awaited/);
      assert.match(warnings.join("\n"), /coroutine 'step\.wait_for_event\('nobody waits'\)' was never awaited/);
    });

    test("a result that cannot be stored fails the step without retries and says where it is", async () => {
      const run = engine.start("NotStorable");

      const said = await run.output;
      assert.equal(said, 'result["items"][1] is a Decimal, which cannot be stored. Use str() or float().');
      const failed = run.messages.filter(({ type }) => type === "failed");
      assert.deepEqual(
        failed.map(({ error }) => error.retryable),
        [false],
      );
    });

    test("only a coroutine is awaited; another awaitable is a result that cannot be stored", async () => {
      assert.match(await engine.run("Awaitable"), /^result is a .*Future, which cannot be stored\. Use await/);
    });

    test("an output that cannot be stored fails the run", async () => {
      await assert.rejects(engine.run("BadOutput"), /output\["when"\] is a timedelta, which cannot be stored/);
    });

    test("run may be a plain function", async () => {
      assert.equal(await engine.run("Sync"), "no coroutine");
    });

    test("a subclass may have its own __init__ and call run of its base", async () => {
      assert.deepEqual(await engine.run("Derived"), ["hello", "base", 7]);
    });

    test("the event is readable by attribute and key, its time aware", async () => {
      const seen = await engine.run("Event", { payload: { name: "Ada" }, instance: "order-7" });

      assert.deepEqual(seen, ["Ada", "Ada", "2026-01-02T03:04:05.678000+00:00", "order-7", "flow"]);
    });

    test("a class without run, one whose run lacks a parameter, and no class at all fail the run", async () => {
      await assert.rejects(engine.run("NoRun"), /NoRun has no run\(self, event, step\)/);
      await assert.rejects(engine.run("OneArgument"), /run\(\) takes 2 positional arguments but 3 were given/);
      await assert.rejects(engine.run("Nowhere"), /There is no 'Nowhere' class defined in steps\.py\. Found: Forms, /);
    });

    test("what is given to waitUntil ends after the run has", { skip: ends }, async () => {
      const run = engine.start("WaitUntil");

      assert.equal(await run.output, "now");
      assert.equal((await run.next("log")).text, "later");
    });

    test("a callback that another decorator has wrapped keeps its parameters", async () => {
      assert.equal(await engine.run("Wrapped"), 11);
    });

    test("annotations that only type checkers can resolve do no harm", async () => {
      assert.equal(await engine.run("LateAnnotations"), 1);
    });

    test("a timeout around a step is Python's alone: the step goes on", async () => {
      const run = engine.start("Timeout");

      assert.equal(await run.output, "went on");
      assert.equal((await run.next("done")).value, '"finished"');
    });
  });
}
