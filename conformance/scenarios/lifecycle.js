/** Pause, resume, terminate, restart and delete, from every status. */

/** @import { Run, Scenario } from "../scenario.d.ts" */

const SAYS_RUNNING = "its local engine says `running` while it sleeps or waits";
const PAUSES_TWICE =
  "log: it writes WORKFLOW_WAITING_FOR_PAUSE also where nothing runs, and no WORKFLOW_QUEUED when it is resumed";
const RESUMES_SILENTLY = "log: it writes no WORKFLOW_QUEUED when it is resumed";
const RESTARTS_SILENTLY =
  "log: it keeps the first WORKFLOW_QUEUED and writes no other when it is restarted from a step";
const NO_CRASH = "its process cannot be crashed from here";

const NAPS = {
  python: `
      @step.do("a")
      async def a():
          calls(event).append("a")
          return "a"
      await a()
      await step.sleep("nap", "1 hour")
      @step.do("b")
      async def b():
          calls(event).append("b")
          return "b"
      await b()
      return calls(event)`,
  javascript: `
      const mark = (name) => step.do(name, async () => void calls(event).push(name));
      await mark("a");
      await step.sleep("nap", "1 hour");
      await mark("b");
      return calls(event);`,
};

const THREE = {
  python: `
      for name in ["a", "b", "c"]:
          @step.do(name)
          async def one():
              calls(event).append(name)
          await one()
      if len(calls(event)) < 3:
          fails("never")
      return calls(event)`,
  javascript: `
      for (const name of ["a", "b", "c"]) await step.do(name, async () => void calls(event).push(name));
      return calls(event);`,
};

const FAILS_ONCE = {
  python: `
      @step.do("a")
      async def a():
          calls(event).append("a")
      await a()
      if len(calls(event)) < 2:
          fails("the first time")
      return calls(event)`,
  javascript: `
      await step.do("a", async () => void calls(event).push("a"));
      if (calls(event).length < 2) fails("the first time");
      return calls(event);`,
};

/** @param {(run: Run) => Promise<void>} act @param {{ finish?: boolean }} [how] @returns {(run: Run) => Promise<void>} */
function asleep(act, { finish = true } = {}) {
  return async (run) => {
    await run.create();
    await run.settle();
    await act(run);
    if (finish) await run.finish();
  };
}

/** @param {(run: Run) => Promise<void>} act @returns {(run: Run) => Promise<void>} */
function ended(act) {
  return async (run) => {
    await run.create();
    await run.finish();
    await act(run);
  };
}

/** @param {Promise<void>} call */
const outcomeOf = (call) =>
  call.then(
    () => "done",
    (/** @type {Error} */ error) => /\((\w+\.\w+)\)/.exec(error.message)?.[1] ?? error.message,
  );

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
    python: `return (await step.wait_for_event("w", "go", timeout="1 hour"))["payload"]`,
    javascript: `return (await step.waitForEvent("w", { type: "go", timeout: "1 hour" })).payload;`,
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
      for (let i = 0; i < 500 && (await run.status()) !== "paused"; i++)
        await new Promise((resolve) => setTimeout(resolve, 20));
      await run.note(run.status());
      await run.resume();
      await run.finish();
    },
    expect: { output: ["slow", "next"], notes: ["waitingForPause", "paused"] },
    differs: { cloudflare: RESUMES_SILENTLY },
  },
  {
    name: "lifecycle: pause while a step waits for its retry",
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
    name: "restart: what is complete",
    ...THREE,
    drive: ended(async (run) => {
      await run.restart();
      await run.finish();
    }),
    expect: { output: ["a", "b", "c", "a", "b", "c"] },
  },
  {
    name: "restart: what has failed",
    ...FAILS_ONCE,
    drive: ended(async (run) => {
      await run.note(run.status());
      await run.restart();
      await run.finish();
    }),
    expect: { output: ["a", "a"], notes: ["errored"] },
  },
  {
    name: "restart: what was terminated",
    ...NAPS,
    drive: asleep(async (run) => {
      await run.terminate();
      await run.restart();
    }),
    expect: { output: ["a", "a", "b"] },
  },
  {
    name: "restart: what sleeps",
    ...NAPS,
    drive: asleep((run) => run.restart()),
    expect: { output: ["a", "a", "b"] },
  },
  {
    name: "restart: what is paused",
    ...NAPS,
    drive: asleep(async (run) => {
      await run.pause();
      await run.settle();
      await run.restart();
    }),
    expect: { output: ["a", "a", "b"] },
  },
  ...["a", "b", "c"].map((name, i) => ({
    name: `restart: from the ${["first", "second", "last"][i]} of three steps`,
    ...THREE,
    drive: ended(async (run) => {
      await run.restart({ name });
      await run.finish();
    }),
    expect: { output: ["a", "b", "c", ...["a", "b", "c"].slice(i)] },
    ...(i > 0 ? { differs: { cloudflare: RESTARTS_SILENTLY } } : {}),
  })),
  {
    name: "restart: from the second step of a name",
    python: `
      for i in range(3):
          @step.do("same")
          async def same():
              calls(event).append(i)
          await same()
      return calls(event)`,
    javascript: `
      for (let i = 0; i < 3; i++) await step.do("same", async () => void calls(event).push(i));
      return calls(event);`,
    drive: ended(async (run) => {
      await run.restart({ name: "same", count: 2 });
      await run.finish();
    }),
    expect: { output: [0, 1, 2, 1, 2] },
    differs: { cloudflare: RESTARTS_SILENTLY },
  },
  {
    name: "restart: from a sleep",
    ...NAPS,
    drive: ended(async (run) => {
      await run.restart({ name: "nap", type: "sleep" });
      await run.finish();
    }),
    expect: { output: ["a", "b", "b"] },
    differs: { cloudflare: RESTARTS_SILENTLY },
  },
  {
    name: "restart: from a wait, which waits again",
    python: `
      found = await step.wait_for_event("w", "go", timeout="1 hour")
      @step.do("use")
      async def use():
          calls(event).append(found["payload"])
      await use()
      return calls(event)`,
    javascript: `
      const found = await step.waitForEvent("w", { type: "go", timeout: "1 hour" });
      await step.do("use", async () => void calls(event).push(found.payload));
      return calls(event);`,
    drive: async (run) => {
      await run.create();
      await run.settle();
      await run.event("go", 1);
      await run.finish();
      await run.restart({ name: "w", type: "waitForEvent" });
      await run.settle();
      await run.event("go", 2);
      await run.finish();
    },
    expect: { output: [1, 2] },
  },
  {
    name: "restart: from a step that failed",
    python: `
      @step.do("a")
      async def a():
          calls(event).append("a")
      await a()
      @step.do("b", config={"retries": {"limit": 0, "delay": 1}})
      async def b():
          calls(event).append("b")
          if len(calls(event)) < 3:
              fails("the first time")
      await b()
      return calls(event)`,
    javascript: `
      await step.do("a", async () => void calls(event).push("a"));
      await step.do("b", { retries: { limit: 0, delay: 1 } }, async () => {
        calls(event).push("b");
        if (calls(event).length < 3) fails("the first time");
      });
      return calls(event);`,
    drive: ended(async (run) => {
      await run.restart({ name: "b" });
      await run.finish();
    }),
    expect: { output: ["a", "b", "b"] },
    differs: { cloudflare: RESTARTS_SILENTLY },
  },
  ...[
    ["no such step", { name: "nope" }],
    ["no such count", { name: "a", count: 2 }],
    ["a step of another type", { name: "a", type: /** @type {const} */ ("sleep") }],
  ].map(([what, from]) => ({
    name: `restart: from ${what} is refused`,
    ...THREE,
    drive: ended(async (run) => {
      await run.note(outcomeOf(run.restart(/** @type {any} */ (from))));
    }),
    expect: { notes: ["instance.cannot_restart"] },
  })),
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
