/** Pause, resume, terminate and delete. */

/** @import { Scenario } from "../scenario.d.ts" */

import { asleep, ended, outcomeOf, until } from "../drives.js";
import { NAPS, THREE } from "../flows.js";
import { NO_CRASH, PAUSES_TWICE, REAL_TIME, RESUMES_SILENTLY, SAYS_RUNNING } from "../reasons.js";

/** Two steps that take real time, side by side, and one after them. */
const SIDE_BY_SIDE = {
  python: `
      def make(name):
          @step.do(name)
          async def one():
              await asyncio.sleep(0.6)
              calls(event).append(name)
          return one
      await asyncio.gather(make("a")(), make("b")())
      @step.do("after")
      async def after():
          calls(event).append("after")
      await after()
      return sorted(calls(event))`,
  javascript: `
      const make = (name) =>
        step.do(name, async () => {
          await new Promise((resolve) => setTimeout(resolve, 600));
          calls(event).push(name);
        });
      await Promise.all([make("a"), make("b")]);
      await step.do("after", async () => void calls(event).push("after"));
      return calls(event).toSorted();`,
  hangs: true,
  unordered: true,
};

const RETRIED = {
  python: `
      @step.do("flaky", config={"retries": {"limit": 2, "delay": "1 hour", "backoff": "constant"}})
      async def flaky(ctx):
          if ctx["attempt"] < 2:
              fails("no")
          return ctx["attempt"]
      return await flaky()`,
  javascript: `
      return await step.do("flaky", { retries: { limit: 2, delay: "1 hour", backoff: "constant" } }, async (ctx) => {
        if (ctx.attempt < 2) fails("no");
        return ctx.attempt;
      });`,
};

const WAITS = {
  python: `return (await step.wait_for_event("w", "go", timeout="1 hour"))["payload"]`,
  javascript: `return (await step.waitForEvent("w", { type: "go", timeout: "1 hour" })).payload;`,
};

/** @type {Scenario[]} */
export default [
  {
    name: "lifecycle: pause while it sleeps, then resume",
    ...NAPS,
    drive: asleep(async (run) => {
      await run.pause();
      await run.settle();
      await run.note(run.status());
      await run.resume();
    }),
    expect: { output: ["a", "b"], notes: ["paused"] },
    differs: { cloudflare: PAUSES_TWICE },
  },
  {
    name: "lifecycle: time that passes while paused does not count",
    ...NAPS,
    drive: asleep(async (run) => {
      await run.pause();
      await run.settle();
      await run.pass("5 hours");
      await run.note(run.status());
      await run.resume();
      await run.settle();
      await run.note(run.status());
    }),
    expect: { output: ["a", "b"], notes: ["paused", "waiting"] },
    differs: { cloudflare: SAYS_RUNNING },
  },
  {
    name: "lifecycle: pause twice",
    ...NAPS,
    drive: asleep(async (run) => {
      await run.pause();
      await run.settle();
      await run.pause();
      await run.note(run.status());
      await run.resume();
    }),
    expect: { output: ["a", "b"], notes: ["paused"] },
    differs: { cloudflare: PAUSES_TWICE },
  },
  {
    name: "lifecycle: resume what is not paused",
    ...NAPS,
    drive: asleep(async (run) => {
      await run.resume();
    }),
    expect: { output: ["a", "b"] },
  },
  {
    name: "lifecycle: an event for a paused instance is there after it is resumed",
    ...WAITS,
    drive: asleep(async (run) => {
      await run.pause();
      await run.settle();
      await run.event("go", 7);
      await run.settle();
      await run.note(run.status());
      await run.resume();
    }),
    expect: { output: 7, notes: ["paused"] },
    logVaries: "it is delivered at once or after the resumption",
  },
  {
    name: "lifecycle: pause while a step runs waits for it",
    hangs: true,
    python: `
      @step.do("slow")
      async def slow():
          await asyncio.sleep(1)
          calls(event).append("slow")
      await slow()
      @step.do("next")
      async def after():
          calls(event).append("next")
      await after()
      return calls(event)`,
    javascript: `
      await step.do("slow", async () => {
        await new Promise((resolve) => setTimeout(resolve, 1000));
        calls(event).push("slow");
      });
      await step.do("next", async () => void calls(event).push("next"));
      return calls(event);`,
    drive: async (run) => {
      await run.create();
      await run.started("slow");
      await run.pause();
      await run.note(run.status());
      await until(run, "paused");
      await run.note(run.status());
      await run.resume();
      await run.finish();
    },
    expect: { output: ["slow", "next"], notes: ["waitingForPause", "paused"] },
    differs: { cloudflare: RESUMES_SILENTLY },
  },
  {
    name: "lifecycle: pause while two steps run waits for both",
    ...SIDE_BY_SIDE,
    drive: async (run) => {
      await run.create();
      await run.started("b");
      await run.pause();
      await until(run, "paused");
      await run.note(run.status());
      await run.resume();
      await run.finish();
    },
    expect: { output: ["a", "after", "b"], notes: ["paused"] },
    differs: { cloudflare: RESUMES_SILENTLY },
  },
  {
    name: "lifecycle: resume before the steps have ended takes the pause back",
    ...SIDE_BY_SIDE,
    drive: async (run) => {
      await run.create();
      await run.started("b");
      await run.pause();
      await run.note(run.status());
      await run.resume();
      await run.note((await run.status()) === "running");
      await until(run, "complete");
      await run.finish();
    },
    expect: { output: ["a", "after", "b"], notes: ["waitingForPause", true] },
  },
  {
    name: "lifecycle: pause while a step waits for its retry",
    ...RETRIED,
    drive: asleep(async (run) => {
      await run.pause();
      await run.settle();
      await run.note(run.status());
      await run.resume();
    }),
    expect: { output: 2, notes: ["paused"] },
    differs: { cloudflare: PAUSES_TWICE },
  },
  {
    name: "lifecycle: time that passes while paused does not count for a retry",
    ...RETRIED,
    drive: asleep(async (run) => {
      await run.pass("30 minutes");
      await run.pause();
      await run.pass("5 hours");
      await run.resume();
      await run.pass("20 minutes");
      await run.note(run.status());
      await run.pass("11 minutes");
      await run.note(run.status());
    }),
    expect: { output: 2, notes: ["waiting", "complete"] },
    notFor: { cloudflare: REAL_TIME },
  },
  {
    name: "lifecycle: time that passes while paused does not count for the timeout of a wait",
    ...WAITS,
    drive: asleep(async (run) => {
      await run.pass("50 minutes");
      await run.pause();
      await run.pass("5 hours");
      await run.resume();
      await run.pass("9 minutes");
      await run.note(run.status());
      await run.event("go", "in time");
    }),
    expect: { output: "in time", notes: ["waiting"] },
    notFor: { cloudflare: REAL_TIME },
  },
  {
    name: "lifecycle: pause while it waits for an event, which comes after it is resumed",
    ...WAITS,
    drive: asleep(async (run) => {
      await run.pause();
      await until(run, "paused");
      await run.resume();
      await run.settle();
      await run.note((await run.status()) === "complete");
      await run.event("go", 7);
    }),
    expect: { output: 7, notes: [false] },
    differs: { cloudflare: PAUSES_TWICE },
  },
  {
    name: "lifecycle: a step that is called while a pause is pending waits until that is taken back",
    hangs: true,
    unordered: true,
    python: `
      @step.do("slow")
      async def slow():
          await asyncio.sleep(1)
          calls(event).append("slow")
      @step.do("late")
      async def late():
          calls(event).append("late")
      async def later():
          await asyncio.sleep(0.3)
          await late()
      await asyncio.gather(slow(), later())
      return sorted(calls(event))`,
    javascript: `
      const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
      const slow = step.do("slow", async () => {
        await sleep(1000);
        calls(event).push("slow");
      });
      const later = sleep(300).then(() => step.do("late", async () => void calls(event).push("late")));
      await Promise.all([slow, later]);
      return calls(event).toSorted();`,
    drive: async (run) => {
      await run.create();
      await run.started("slow");
      await run.pause();
      await new Promise((resolve) => void setTimeout(resolve, 500));
      await run.note(run.status());
      await run.resume();
      await until(run, "complete");
      await run.finish();
    },
    expect: { output: ["late", "slow"], notes: ["waitingForPause"] },
  },
  {
    name: "lifecycle: the engine dies while a pause is pending, and the next one holds to it",
    hangs: true,
    python: `
      @step.do("slow", config={"retries": {"limit": 1, "delay": "1 second"}})
      async def slow(ctx):
          if ctx["attempt"] == 1:
              await asyncio.Event().wait()
          return ctx["attempt"]
      return await slow()`,
    javascript: `
      return await step.do("slow", { retries: { limit: 1, delay: "1 second" } }, async ({ attempt }) => {
        if (attempt === 1) await new Promise(() => {});
        return attempt;
      });`,
    drive: async (run) => {
      await run.create();
      await run.started("slow");
      await run.pause();
      await run.note(run.status());
      await run.crash();
      await until(run, "paused");
      await run.note(run.status());
      await run.resume();
      await run.finish();
    },
    expect: { output: 2, notes: ["waitingForPause", "paused"] },
    notFor: { cloudflare: NO_CRASH },
  },
  {
    name: "lifecycle: paused over a restart of the engine",
    ...NAPS,
    drive: asleep(async (run) => {
      await run.pause();
      await run.crash();
      await run.settle();
      await run.note(run.status());
      await run.resume();
    }),
    expect: { output: ["a", "b"], notes: ["paused"] },
    notFor: { cloudflare: NO_CRASH },
  },
  {
    name: "lifecycle: terminate while it sleeps",
    ...NAPS,
    drive: asleep((run) => run.terminate()),
    expect: { status: "terminated" },
  },
  {
    name: "lifecycle: terminate while it waits for an event",
    python: `await step.wait_for_event("w", "go", timeout="1 hour")`,
    javascript: `await step.waitForEvent("w", { type: "go", timeout: "1 hour" });`,
    drive: asleep((run) => run.terminate()),
    expect: { status: "terminated" },
  },
  {
    name: "lifecycle: terminate while a step runs",
    hangs: true,
    python: `
      @step.do("a")
      async def a():
          await asyncio.Event().wait()
      await a()`,
    javascript: `await step.do("a", () => new Promise(() => {}));`,
    drive: async (run) => {
      await run.create();
      await run.started("a");
      await run.terminate();
      await run.finish();
    },
    expect: { status: "terminated" },
  },
  {
    name: "lifecycle: terminate while it is paused",
    ...NAPS,
    drive: asleep(async (run) => {
      await run.pause();
      await run.settle();
      await run.terminate();
    }),
    expect: { status: "terminated" },
    differs: { cloudflare: PAUSES_TWICE },
  },
  ...[
    ["complete", NAPS],
    ["errored", { python: `fails("no")`, javascript: `fails("no");` }],
  ].map(([status, flow]) => ({
    name: `lifecycle: terminate what is ${status} is refused`,
    .../** @type {any} */ (flow),
    drive: ended(async (run) => {
      await run.note(outcomeOf(run.terminate()));
    }),
    expect: {
      notes: ["instance.cannot_terminate"],
      .../** @type {any} */ (status === "errored" ? { error: { name: "TypeError", message: "no" } } : {}),
    },
  })),
  {
    name: "lifecycle: terminate twice is refused",
    ...NAPS,
    drive: asleep(async (run) => {
      await run.terminate();
      await run.note(outcomeOf(run.terminate()));
    }),
    expect: { status: "terminated", notes: ["instance.cannot_terminate"] },
  },
  {
    name: "lifecycle: pause what has ended changes nothing",
    python: `return 1`,
    javascript: `return 1;`,
    drive: ended(async (run) => {
      await outcomeOf(run.pause());
      await run.settle();
      await run.note(run.status());
    }),
    expect: { output: 1, notes: ["complete"] },
  },
  {
    name: "delete: while it sleeps",
    ...NAPS,
    drive: asleep((run) => run.delete(), { finish: false }),
    expect: { status: "deleted" },
  },
  {
    name: "delete: what has ended",
    ...THREE,
    drive: ended((run) => run.delete()),
    expect: { status: "deleted" },
  },
];
