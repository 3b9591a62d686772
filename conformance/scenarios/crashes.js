/** The engine's process dies at each point of a run, and another goes on. */

/** @import { Run, Scenario } from "../scenario.d.ts" */

import { NO_CRASH } from "../reasons.js";

/**
 * @typedef {object} Flow
 * @property {string} python
 * @property {string} javascript
 * @property {unknown} output
 * @property {[string, number][]} points before which message of the guest the engine dies, how many-th
 * @property {(run: Run) => Promise<void>} [drive]
 * @property {true} [unordered]
 */

/** @type {Record<string, Flow>} */
const FLOWS = {
  "a chain of three": {
    python: `
      total = 0
      for n in [1, 2, 3]:
          @step.do(f"s{n}")
          async def add():
              return n
          total += await add()
      return total`,
    javascript: `
      let total = 0;
      for (const n of [1, 2, 3]) total += await step.do(\`s\${n}\`, async () => n);
      return total;`,
    output: 6,
    points: [
      ["do", 1],
      ["done", 1],
      ["do", 2],
      ["done", 2],
      ["do", 3],
      ["done", 3],
      ["end", 1],
    ],
  },
  "a retry": {
    python: `
      @step.do("flaky", config={"retries": {"limit": 4, "delay": "1 minute", "backoff": "constant"}})
      async def flaky(ctx):
          if ctx["attempt"] < 3:
              fails("no")
          return "through"
      return await flaky()`,
    javascript: `
      return await step.do("flaky", { retries: { limit: 4, delay: "1 minute", backoff: "constant" } }, async (ctx) => {
        if (ctx.attempt < 3) fails("no");
        return "through";
      });`,
    output: "through",
    points: [
      ["do", 1],
      ["failed", 1],
      ["failed", 2],
      ["done", 1],
      ["end", 1],
    ],
  },
  "a sleep between steps": {
    python: `
      @step.do("a")
      async def a():
          return 1
      first = await a()
      await step.sleep("nap", "3 days")
      @step.do("b")
      async def b():
          return first + 1
      return await b()`,
    javascript: `
      const first = await step.do("a", async () => 1);
      await step.sleep("nap", "3 days");
      return await step.do("b", async () => first + 1);`,
    output: 2,
    points: [
      ["sleep", 1],
      ["do", 2],
      ["done", 2],
      ["end", 1],
    ],
  },
  "a wait for an event": {
    python: `
      found = await step.wait_for_event("w", "go", timeout="1 day")
      @step.do("use")
      async def use():
          return found["payload"]
      return await use()`,
    javascript: `
      const found = await step.waitForEvent("w", { type: "go", timeout: "1 day" });
      return await step.do("use", async () => found.payload);`,
    output: "payload",
    points: [
      ["waitForEvent", 1],
      ["do", 1],
      ["done", 1],
      ["end", 1],
    ],
    drive: async (run) => {
      await run.settle();
      await run.event("go", "payload");
    },
  },
  "a step that fails and is caught": {
    python: `
      @step.do("bad", config={"retries": {"limit": 1, "delay": "1 minute"}})
      async def bad():
          fails("no")
      try:
          await bad()
      except Exception as error:
          seen = "caught"
      @step.do("after")
      async def after():
          return seen
      return await after()`,
    javascript: `
      let seen;
      try {
        await step.do("bad", { retries: { limit: 1, delay: "1 minute" } }, async () => fails("no"));
      } catch {
        seen = "caught";
      }
      return await step.do("after", async () => seen);`,
    output: "caught",
    points: [
      ["failed", 1],
      ["failed", 2],
      ["done", 1],
    ],
  },
  "a fan of five": {
    unordered: true,
    python: `
      def part(i):
          @step.do(f"part {i}")
          async def one():
              return i
          return one()
      return sum(await asyncio.gather(*[part(i) for i in range(5)]))`,
    javascript: `
      const parts = await Promise.all(Array.from({ length: 5 }, (_, i) => step.do(\`part \${i}\`, async () => i)));
      return parts.reduce((a, b) => a + b, 0);`,
    output: 10,
    points: [
      ["do", 1],
      ["do", 3],
      ["done", 1],
      ["done", 3],
      ["done", 5],
      ["end", 1],
    ],
  },
};

/** @type {Scenario[]} */
export default [
  ...Object.entries(FLOWS).flatMap(([what, { python, javascript, output, points, drive, unordered }]) =>
    points.map(([type, n]) => ({
      name: `crashes: ${what}, before \`${type}\` ${n} arrives`,
      python,
      javascript,
      ...(unordered
        ? { logVaries: "what is committed when the crash comes depends on how messages were grouped" }
        : {}),
      drive: async (/** @type {Run} */ run) => {
        run.crashBefore(type, n);
        await run.create();
        await drive?.(run);
        await run.finish();
      },
      expect: { output },
      notFor: { cloudflare: NO_CRASH },
    })),
  ),
  {
    name: "crashes: a step without retries is not run twice",
    python: `
      @step.do("once", config={"retries": {"limit": 0, "delay": 1}})
      async def once():
          calls(event).append("once")
      try:
          await once()
      except Exception as error:
          return [caught(error), calls(event)]`,
    javascript: `
      try {
        await step.do("once", { retries: { limit: 0, delay: 1 } }, async () => void calls(event).push("once"));
      } catch (error) {
        return [caught(error), calls(event)];
      }`,
    drive: async (run) => {
      run.crashBefore("done");
      await run.create();
      await run.finish();
    },
    expect: {
      output: [{ name: "WorkflowInternalError", message: "Attempt failed due to internal workflows error" }, ["once"]],
    },
    notFor: { cloudflare: NO_CRASH },
  },
  {
    name: "crashes: an attempt that is cut counts",
    python: `
      @step.do("a", config={"retries": {"limit": 1, "delay": "1 minute"}})
      async def a(ctx):
          calls(event).append(ctx["attempt"])
          await asyncio.sleep(0.03)
          return ctx["attempt"]
      return [await a(), calls(event)]`,
    javascript: `
      const last = await step.do("a", { retries: { limit: 1, delay: "1 minute" } }, async (ctx) => {
        calls(event).push(ctx.attempt);
        await new Promise((resolve) => setTimeout(resolve, 30));
        return ctx.attempt;
      });
      return [last, calls(event)];`,
    drive: async (run) => {
      run.crashBefore("done");
      await run.create();
      // What nobody waits for is committed soon, not at once.
      await run.started("a");
      await run.finish();
    },
    expect: { output: [2, [1, 2]] },
    notFor: { cloudflare: NO_CRASH },
  },
  {
    name: "crashes: while it waits for a retry, whose time does not begin anew",
    python: FLOWS["a retry"].python.replace("1 minute", "1 hour"),
    javascript: FLOWS["a retry"].javascript.replace("1 minute", "1 hour"),
    drive: async (run) => {
      await run.create();
      await run.settle();
      await run.pass("50 minutes");
      await run.crash();
      await run.pass("9 minutes");
      await run.note((await run.detail()).steps[0].attempts.length);
      await run.pass("2 minutes");
      await run.note((await run.detail()).steps[0].attempts.length);
      await run.finish();
    },
    expect: { output: "through", notes: [1, 2] },
    notFor: { cloudflare: NO_CRASH },
  },
  {
    name: "crashes: at rest, again and again",
    python: `
      found = []
      for i in range(4):
          @step.do("work")
          async def work():
              calls(event).append(i)
              return i
          found.append(await work())
          await step.sleep("nap", "1 day")
      return [found, calls(event)]`,
    javascript: `
      const found = [];
      for (let i = 0; i < 4; i++) {
        found.push(
          await step.do("work", async () => {
            calls(event).push(i);
            return i;
          }),
        );
        await step.sleep("nap", "1 day");
      }
      return [found, calls(event)];`,
    drive: async (run) => {
      await run.create();
      for (let i = 0; i < 4; i++) {
        await run.settle();
        await run.crash();
        await run.settle();
        await run.crash();
        await run.pass("1 day");
      }
      await run.finish();
    },
    expect: { output: [[0, 1, 2, 3], [0, 1, 2, 3]] }, // prettier-ignore
    notFor: { cloudflare: NO_CRASH },
  },
  {
    name: "crashes: in the middle of a restart from a step",
    python: `
      for name in ["a", "b"]:
          @step.do(name)
          async def one():
              calls(event).append(name)
          await one()
      return [calls(event).count("a"), calls(event).count("b") > 1]`,
    javascript: `
      for (const name of ["a", "b"]) await step.do(name, async () => void calls(event).push(name));
      const times = (name) => calls(event).filter((each) => each === name).length;
      return [times("a"), times("b") > 1];`,
    drive: async (run) => {
      await run.create();
      await run.finish();
      await run.restart({ name: "b" });
      await run.crash();
      await run.finish();
    },
    expect: { output: [1, true] },
    notFor: { cloudflare: NO_CRASH },
    logVaries: "whether the restarted step had begun",
  },
];
