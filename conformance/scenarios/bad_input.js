/** Workflows that are wrong in themselves: what becomes of them, and of everybody else. */

/** @import { Scenario } from "../scenario.d.ts" */

/** @type {Scenario[]} */
export default [
  {
    name: "bad input: run() that never ends can be terminated",
    python: `
      await asyncio.Event().wait()`,
    javascript: `
      await new Promise(() => {});`,
    hangs: true,
    async drive(run) {
      await run.create();
      await run.settle();
      await run.note(run.status());
      await run.terminate();
    },
    expect: { status: "terminated", notes: ["running"] },
    notFor: { cloudflare: "its runtime ends code that waits for what cannot come" },
  },
  {
    name: "bad input: run() gives what is no value",
    python: `
      async def other():
          return 1
      result = other()
      try:
          return result
      finally:
          asyncio.get_running_loop().call_soon(result.close)`,
    javascript: `
      return () => 1;`,
    expect: { error: { name: "NotSerializableError", message: /function|coroutine/ } },
    logVaries: "it says what it is, which is another thing in each language",
    differs: { cloudflare: "it is a DataCloneError", "python-upstream-sdk": "it is a TypeError" },
  },
  {
    name: "bad input: a workflow that catches everything still parks and goes on",
    python: `
      for count in range(3):
          try:
              await step.sleep("nap", "1 hour")
          except BaseException as error:
              calls(event).append("caught")
              raise
      try:
          await step.wait_for_event("w", "never", timeout="1 hour")
      except BaseException as error:
          return [caught(error)["name"]]`,
    javascript: `
      for (let count = 0; count < 3; count += 1) {
        try {
          await step.sleep("nap", "1 hour");
        } catch (error) {
          calls(event).push("caught");
          throw error;
        }
      }
      try {
        await step.waitForEvent("w", { type: "never", timeout: "1 hour" });
      } catch (error) {
        return [caught(error).name];
      }`,
    expect: { output: ["WorkflowTimeoutError"] },
    expectIn: { cloudflare: { output: ["Error"] } },
  },
  {
    name: "bad input: a workflow that swallows everything around its sleeps still parks and goes on",
    python: `
      for count in range(3):
          try:
              await step.sleep("nap", "1 hour")
          except BaseException as error:
              calls(event).append(type(error).__name__)
      @step.do("after")
      async def after():
          return "went on"
      try:
          return await after()
      except BaseException:
          return "lost"`,
    javascript: `
      for (let count = 0; count < 3; count += 1) {
        await step.sleep("nap", "1 hour").catch(({ name }) => void calls(event).push(name));
      }
      return step.do("after", async () => "went on").catch(() => "lost");`,
    expect: { output: "went on" },
  },
  {
    name: "bad input: a step that is not awaited is named in a warning",
    python: `
      @step.do("forgotten")
      async def forgotten():
          return 1
      forgotten()
      step.wait_for_event("unheard", "go")
      return "gone"`,
    javascript: `
      void step.do("forgotten", () => new Promise((resolve) => setTimeout(resolve, 10)));
      return "gone";`,
    // In Python such a step does not begin.
    logVaries: "whether the step begins is each language's",
    expect: {
      output: "gone",
      says: [
        /step\.do\(["']forgotten["']\)' was never awaited/,
        /step\.wait_for_event\('unheard'\)' was never awaited/,
      ],
    },
    expectIn: {
      javascript: { says: [/step\.do\("forgotten"\) was not awaited: run\(\) has returned without its result/] },
    },
    differs: { "python-upstream-sdk": "it says nothing of the step" },
    notFor: { cloudflare: "it says nothing of it" },
  },
  {
    name: "bad input: a step that still runs when run() returns is named in a warning",
    python: `
      @step.do("left behind")
      async def left_behind():
          await asyncio.Event().wait()
      task = asyncio.ensure_future(left_behind())
      await asyncio.sleep(0.01)
      return "gone"`,
    javascript: `
      void step.do("left behind", () => new Promise(() => {}));
      return "gone";`,
    hangs: true,
    logVaries: "whether the step begins is a race",
    expect: {
      output: "gone",
      says: [/step\.do\(["']left behind["']\) was not awaited: run\(\) has returned without its result/],
    },
    notFor: { cloudflare: "it says nothing of it" },
  },
  {
    name: "bad input: to change the event does not change what a replay is given",
    python: `
      event.payload["n"] = event.payload["n"] + 1
      await step.sleep("nap", "1 hour")
      return event.payload`,
    javascript: `
      event.payload.n += 1;
      await step.sleep("nap", "1 hour");
      return event.payload;`,
    params: { n: 1 },
    expect: { output: { n: 2 } },
    notFor: { cloudflare: "it does not replay after a sleep of this length" },
  },
  {
    name: "bad input: a step without a name",
    python: `
      @step.do("")
      async def a():
          return 1
      return await a()`,
    javascript: `
      return step.do("", async () => 1);`,
    expect: { output: 1 },
  },
  {
    name: "bad input: 25,000 steps, and one more",
    python: `
      counts = 0
      for part in range(25):
          async def one():
              return None
          await asyncio.gather(*(step.do(f"{part}", config=None)(one)() for _ in range(1000)))
      @step.do("one more")
      async def more():
          return "too many"
      try:
          await more()
      except Exception as error:
          return caught(error)`,
    javascript: `
      for (let part = 0; part < 25; part += 1) {
        await Promise.all(Array.from({ length: 1000 }, () => step.do(String(part), async () => null)));
      }
      return step.do("one more", async () => "too many").catch(caught);`,
    stepLimit: 25_000,
    logVaries: "it has 100,000 lines",
    expect: {
      output: {
        name: "WorkflowFatalError",
        message: "The limit of 25000 steps has been reached. This limit can be changed in your worker configuration.",
      },
    },
    notFor: {
      cloudflare: "it takes minutes there",
      "python-js-transport": "the other transport shows it",
      wasmtime: "the Pyodide runtimes show it",
      browser: "it takes too long in a page",
    },
  },
];
