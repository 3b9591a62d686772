/** Errors, in every direction. */

/** @import { Scenario } from "../scenario.d.ts" */

import { NO_RETRY } from "../flows.js";

const FOLDED = "a thrown error comes back as `Error`, its name folded into its message";
const FOLDED_OWN = "an error of the user's class comes back as `Error`, its name folded into its message";
const NAMED_TWICE = "the class's name stands before the message of what a step has raised";
const JS_EXCEPTION =
  "what a step has raised comes back as JsException, unless it is a ValueError or TypeError with a message of one line";

/** @type {Scenario[]} */
export default [
  {
    name: "errors: run() throws",
    python: `fails("broken")`,
    javascript: `fails("broken");`,
    expect: { error: { name: "TypeError", message: "broken" } },
  },
  {
    name: "errors: run() throws without a message",
    python: `fails("")`,
    javascript: `fails("");`,
    expect: { error: { name: "TypeError", message: "" } },
  },
  {
    name: "errors: run() throws a message of several lines",
    python: `fails("one\\ntwo\\n\\nfour")`,
    javascript: `fails("one\\ntwo\\n\\nfour");`,
    expect: { error: { name: "TypeError", message: "one\ntwo\n\nfour" } },
  },
  {
    name: "errors: run() throws after a step",
    python: `
      @step.do("a")
      async def a():
          return 1
      await a()
      fails("broken")`,
    javascript: `
      await step.do("a", async () => 1);
      fails("broken");`,
    expect: { error: { name: "TypeError", message: "broken" } },
  },
  {
    name: "errors: run() throws an error of its own class",
    python: `fails("mine", AppError)`,
    javascript: `fails("mine", AppError);`,
    expect: { error: { name: "AppError", message: "mine" } },
    differs: { cloudflare: FOLDED_OWN },
  },
  {
    name: "errors: run() throws a NonRetryableError",
    python: `raise NonRetryableError("stop")`,
    javascript: `throw new NonRetryableError("stop");`,
    expect: { error: { name: "NonRetryableError", message: "stop" } },
    differs: { cloudflare: FOLDED },
  },
  {
    name: "errors: a step throws without a catch",
    python: `
      @step.do("a", config=${NO_RETRY})
      async def a():
          fails("broken")
      await a()`,
    javascript: `await step.do("a", ${NO_RETRY}, async () => fails("broken"));`,
    expect: { error: { name: "TypeError", message: "broken" } },
    differs: { "python-upstream-sdk": NAMED_TWICE },
  },
  {
    name: "errors: a step throws an error of the user's class without a catch",
    python: `
      @step.do("a", config=${NO_RETRY})
      async def a():
          fails("mine", AppError)
      await a()`,
    javascript: `await step.do("a", ${NO_RETRY}, async () => fails("mine", AppError));`,
    expect: { error: { name: "AppError", message: "mine" } },
    differs: { cloudflare: FOLDED_OWN },
  },
  ...[
    ["a TypeError", "TypeError"],
    ["an error of the user's class", "AppError"],
  ].map(([what, name]) => ({
    name: `errors: ${what} of a step is caught by its class`,
    python: `
      @step.do("a", config=${NO_RETRY})
      async def a():
          fails("broken", ${name})
      try:
          await a()
      except ${name} as error:
          return caught(error)`,
    javascript: `
      try {
        await step.do("a", ${NO_RETRY}, async () => fails("broken", ${name}));
      } catch (error) {
        if (error instanceof ${name}) return caught(error);
      }`,
    expect: { output: { name, message: "broken" } },
    differs: {
      "python-upstream-sdk": name === "AppError" ? JS_EXCEPTION : NAMED_TWICE,
      ...(name === "AppError" ? { cloudflare: "it is an Error with that name, of no class" } : {}),
    },
  })),
  ...[
    ["a TypeError", "TypeError"],
    ["an error of the user's class", "AppError"],
  ].map(([what, name]) => ({
    name: `errors: ${what} of a step is the same after a replay`,
    python: `
      @step.do("a", config=${NO_RETRY})
      async def a():
          calls(event).append("a")
          fails("broken\\nin two lines", ${name})
      try:
          await a()
      except ${name} as error:
          seen = caught(error)
      await step.sleep("nap", "1 hour")
      return [seen, len(calls(event))]`,
    javascript: `
      let seen;
      try {
        await step.do("a", ${NO_RETRY}, async () => {
          calls(event).push("a");
          fails("broken\\nin two lines", ${name});
        });
      } catch (error) {
        if (error instanceof ${name}) seen = caught(error);
      }
      await step.sleep("nap", "1 hour");
      return [seen, calls(event).length];`,
    expect: { output: [{ name, message: "broken\nin two lines" }, 1] },
    differs: { "python-upstream-sdk": JS_EXCEPTION, ...(name === "AppError" ? { cloudflare: FOLDED_OWN } : {}) },
  })),
  {
    name: "errors: a NonRetryableError is caught as one, in a replay too",
    python: `
      @step.do("a")
      async def a():
          calls(event).append("a")
          raise NonRetryableError("no use")
      try:
          await a()
      except NonRetryableError as error:
          seen = str(error)
      await step.sleep("nap", "1 hour")
      return [seen, len(calls(event))]`,
    javascript: `
      let seen;
      try {
        await step.do("a", async () => {
          calls(event).push("a");
          throw new NonRetryableError("no use");
        });
      } catch (error) {
        if (error instanceof NonRetryableError) seen = error.message;
      }
      await step.sleep("nap", "1 hour");
      return [seen, calls(event).length];`,
    expect: { output: ["no use", 1] },
    differs: { cloudflare: FOLDED },
  },
  {
    name: "errors: what is caught and thrown again",
    python: `
      @step.do("a", config=${NO_RETRY})
      async def a():
          fails("broken")
      try:
          await a()
      except TypeError:
          @step.do("clean up")
          async def clean_up():
              return 1
          await clean_up()
          raise`,
    javascript: `
      try {
        await step.do("a", ${NO_RETRY}, async () => fails("broken"));
      } catch (error) {
        await step.do("clean up", async () => 1);
        throw error;
      }`,
    expect: { error: { name: "TypeError", message: "broken" } },
    differs: { "python-upstream-sdk": NAMED_TWICE },
  },
  {
    name: "errors: a step in finally",
    python: `
      try:
          fails("broken")
      finally:
          @step.do("last")
          async def last():
              return 1
          await last()`,
    javascript: `
      try {
        fails("broken");
      } finally {
        await step.do("last", async () => 1);
      }`,
    expect: { error: { name: "TypeError", message: "broken" } },
  },
  {
    name: "errors: a step goes on after another has failed for good",
    python: `
      @step.do("bad", config=${NO_RETRY})
      async def bad():
          fails("no")
      @step.do("good")
      async def good():
          return "good"
      try:
          await bad()
      except Exception:
          return await good()`,
    javascript: `
      try {
        await step.do("bad", ${NO_RETRY}, async () => fails("no"));
      } catch {
        return await step.do("good", async () => "good");
      }`,
    expect: { output: "good" },
  },
  {
    name: "errors: something that is no error is thrown",
    javascript: `
      try {
        await step.do("a", ${NO_RETRY}, async () => {
          throw "text";
        });
      } catch (error) {
        return [typeof error, error.message ?? error];
      }`,
    expect: { output: ["object", "text"] },
  },
  {
    name: "errors: an object that is no error is thrown, by a step and by run()",
    javascript: `
      let seen;
      try {
        await step.do("a", { retries: { limit: 0, delay: 1 } }, async () => {
          throw { n: 1 };
        });
      } catch (error) {
        seen = error.message;
      }
      throw { seen };`,
    expect: { error: { name: "Error", message: '{"seen":"{\\"n\\":1}"}' } },
    differs: { cloudflare: "an object becomes an Error with the message `#<Object>`" },
  },
  {
    name: "errors: a step that ends the interpreter",
    python: `
      @step.do("a", config=${NO_RETRY})
      async def a():
          raise SystemExit(3)
      try:
          await a()
      except Exception as error:
          return caught(error)["name"]`,
    expect: { output: "StepError" },
    logVaries: "",
    expectIn: { python: { output: "SystemExit" } },
    differs: { "python-upstream-sdk": JS_EXCEPTION },
  },
  {
    name: "errors: recursion without end",
    python: `
      @step.do("a", config=${NO_RETRY})
      async def a():
          def deeper():
              return deeper()
          return deeper()
      try:
          await a()
      except RecursionError:
          return "caught"`,
    javascript: `
      try {
        await step.do("a", ${NO_RETRY}, async () => {
          const deeper = () => deeper() + 1;
          return deeper();
        });
      } catch (error) {
        if (error instanceof RangeError) return "caught";
      }`,
    expect: { output: "caught" },
    logVaries: "the error is each language's own",
    differs: { "python-upstream-sdk": JS_EXCEPTION },
  },
  {
    name: "errors: the cause of an error is there, in a replay too",
    python: `
      @step.do("a", config=${NO_RETRY})
      async def a():
          raise AppError("outer") from TypeError("inner")
      try:
          await a()
      except AppError as error:
          found = error.__cause__
      await step.sleep("nap", "1 hour")
      return caught(found)`,
    javascript: `
      let found;
      try {
        await step.do("a", ${NO_RETRY}, async () => {
          throw new AppError("outer", { cause: new TypeError("inner") });
        });
      } catch (error) {
        found = error.cause;
      }
      await step.sleep("nap", "1 hour");
      return found && caught(found);`,
    expect: { output: { name: "TypeError", message: "inner" } },
    differs: { cloudflare: "an error's cause is lost on its way to the engine", "python-upstream-sdk": JS_EXCEPTION },
  },
  {
    name: "errors: an error as a value keeps name and message",
    python: `
      @step.do("a")
      async def a():
          return {"error": AppError("as data")}
      found = await a()
      return caught(found["error"])`,
    javascript: `
      const found = await step.do("a", async () => ({ error: new TypeError("as data") }));
      return caught(found.error);`,
    expect: { output: { name: "TypeError", message: "as data" } },
    expectIn: { python: { output: { name: "AppError", message: "as data" } } },
    differs: { "python-upstream-sdk": "an exception among values comes back as Exception" },
  },
];
