/** Corners where pausing, restarting, rolling back and limits meet: cases of upstream's own suite that stand nowhere else. */

/** @import { Run, Scenario } from "../scenario.d.ts" */

const NO_ROLLBACK = "it has no rollback";
const NO_CRASH = "its process cannot be crashed from here";
const NO_RETRY = '{"retries": {"limit": 0, "delay": 1}}';

/** Until the instance is *status*: a step of real time is under way. @param {Run} run @param {string} status */
async function until(run, status) {
  for (let i = 0; i < 500 && (await run.status()) !== status; i++)
    await new Promise((resolve) => void setTimeout(resolve, 20));
}

/** @param {Run} run */
async function terminateAfterCrash(run) {
  await run.create();
  await run.settle();
  await run.crash();
  await run.terminate({ rollback: true });
  await run.finish();
}

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

/** @type {Scenario[]} */
export default [
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
    differs: { cloudflare: "log: it writes no WORKFLOW_QUEUED when it is resumed" },
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
    name: "restart: from a step that has the name of a sleep",
    python: `
      def make(name):
          @step.do(name)
          async def one():
              calls(event).append(name)
          return one
      await make("setup")()
      await step.sleep("checkpoint", "1 second")
      await make("between")()
      await make("checkpoint")()
      await make("after")()
      return calls(event)`,
    javascript: `
      const make = (name) => step.do(name, async () => void calls(event).push(name));
      await make("setup");
      await step.sleep("checkpoint", "1 second");
      await make("between");
      await make("checkpoint");
      await make("after");
      return calls(event);`,
    drive: async (run) => {
      await run.create();
      await run.finish();
      await run.restart({ name: "checkpoint" });
      await run.finish();
    },
    expect: { output: ["setup", "between", "checkpoint", "after", "checkpoint", "after"] },
    differs: {
      cloudflare: "log: it keeps the first WORKFLOW_QUEUED and writes no other when it is restarted from a step",
    },
  },
  {
    name: "rollbacks: a handler that the code no longer has ends the rollback",
    python: `
      calls(event).append("run")
      handler = {"rollback": lambda: calls(event).append("undo")} if len(calls(event)) == 1 else {}
      @step.do("a", **handler)
      async def a():
          return 1
      await a()
      await step.sleep("nap", "1 hour")`,
    javascript: `
      calls(event).push("run");
      const handler = calls(event).length === 1 ? [{ rollback: async () => void calls(event).push("undo") }] : [];
      await step.do("a", async () => 1, ...handler);
      await step.sleep("nap", "1 hour");`,
    drive: terminateAfterCrash,
    expect: { status: "terminated" },
    notFor: { cloudflare: NO_CRASH, "python-upstream-sdk": NO_ROLLBACK },
  },
  {
    name: "rollbacks: a step that failed and was caught is undone after a restart of the engine",
    python: `
      @step.do("a", config=${NO_RETRY}, rollback=lambda output: calls(event).append(output))
      async def a():
          fails("no")
      try:
          await a()
      except TypeError:
          pass
      await step.sleep("nap", "1 hour")`,
    javascript: `
      try {
        await step.do("a", ${NO_RETRY}, async () => fails("no"), { rollback: async ({ output }) => void calls(event).push(output) });
      } catch {
        // It is undone all the same.
      }
      await step.sleep("nap", "1 hour");`,
    drive: terminateAfterCrash,
    expect: { status: "terminated" },
    notFor: { cloudflare: NO_CRASH, "python-upstream-sdk": NO_ROLLBACK },
  },
  {
    name: "rollbacks: steps side by side are undone by when they started, not by when they ended",
    python: `
      @step.do("which run")
      async def which_run():
          calls(event).append("run")
          return calls(event).count("run")
      if await which_run() == 2:
          return [each for each in calls(event) if each != "run"]
      def make(name, seconds):
          @step.do(name, rollback=lambda: calls(event).append(name))
          async def one():
              await asyncio.sleep(seconds)
          return one
      await asyncio.gather(make("slow", 0.3)(), make("fast", 0)())
      fails("broken")`,
    javascript: `
      const which = await step.do("which run", async () => {
        calls(event).push("run");
        return calls(event).filter((each) => each === "run").length;
      });
      if (which === 2) return calls(event).filter((each) => each !== "run");
      const make = (name, ms) =>
        step.do(name, async () => void (await new Promise((resolve) => setTimeout(resolve, ms))), {
          rollback: async () => void calls(event).push(name),
        });
      await Promise.all([make("slow", 300), make("fast", 0)]);
      fails("broken");`,
    drive: async (run) => {
      await run.create();
      await run.finish();
      await run.restart();
      await run.finish();
    },
    expect: { output: ["fast", "slow"] },
    notFor: { "python-upstream-sdk": NO_ROLLBACK },
  },
  {
    name: "rollbacks: a step that a crash has cut is undone without an output",
    hangs: true,
    python: `
      @step.do("a", rollback=lambda output: fails("undone with " + repr(output)), rollback_config=${NO_RETRY})
      async def a():
          await asyncio.Event().wait()
      await a()`,
    javascript: `
      await step.do("a", () => new Promise(() => {}), {
        rollback: async ({ output }) => fails("undone with " + (output === undefined ? "None" : output)),
        rollbackConfig: ${NO_RETRY},
      });`,
    drive: async (run) => {
      await run.create();
      await run.started("a");
      await run.crash();
      await run.terminate({ rollback: true });
      await run.finish();
      const { outcome, error } = (await run.detail()).rollback;
      await run.note(outcome);
      await run.note(error.message);
    },
    expect: { status: "terminated", notes: ["failed", "undone with None"] },
    logVaries: "whether another attempt begins before the rollback is a race",
    notFor: { cloudflare: NO_CRASH, "python-upstream-sdk": NO_ROLLBACK },
  },
  {
    name: "rollbacks: terminate with rollback while it is paused",
    python: `
      @step.do("a", rollback=lambda output: calls(event).append(output))
      async def a():
          return 1
      await a()
      await step.sleep("nap", "1 hour")`,
    javascript: `
      await step.do("a", async () => 1, { rollback: async ({ output }) => void calls(event).push(output) });
      await step.sleep("nap", "1 hour");`,
    drive: async (run) => {
      await run.create();
      await run.settle();
      await run.pause();
      await until(run, "paused");
      await run.note(run.status());
      await run.terminate({ rollback: true });
      await run.finish();
    },
    expect: { status: "terminated", notes: ["paused"] },
    differs: { cloudflare: "log: it writes WORKFLOW_WAITING_FOR_PAUSE also where nothing runs" },
    notFor: { "python-upstream-sdk": NO_ROLLBACK },
  },
  {
    name: "rollbacks: a handler's context shows no delay where that is a function",
    python: `
      @step.do("which run")
      async def which_run():
          calls(event).append("run")
          return calls(event).count("run")
      if await which_run() == 2:
          return [each for each in calls(event) if each != "run"]
      config = {"retries": {"limit": 1, "delay": lambda: 5}}
      @step.do("a", config=config, rollback=lambda ctx: calls(event).append("delay" in ctx["config"]["retries"]))
      async def a():
          return 1
      await a()
      fails("broken")`,
    javascript: `
      const which = await step.do("which run", async () => {
        calls(event).push("run");
        return calls(event).filter((each) => each === "run").length;
      });
      if (which === 2) return calls(event).filter((each) => each !== "run");
      await step.do("a", { retries: { limit: 1, delay: () => 5 } }, async () => 1, {
        rollback: async ({ ctx }) => void calls(event).push("delay" in ctx.config.retries),
      });
      fails("broken");`,
    drive: async (run) => {
      await run.create();
      await run.finish();
      await run.restart();
      await run.finish();
    },
    expect: { output: [false] },
    notFor: { "python-upstream-sdk": NO_ROLLBACK },
  },
  {
    name: "events: of three waits the second times out, and the third gets the late event",
    python: `
      seen = []
      for name in ["first", "second", "third"]:
          try:
              seen.append((await step.wait_for_event(name, "go", timeout="10 minutes"))["payload"])
          except Exception:
              seen.append("timed out")
      return seen`,
    javascript: `
      const seen = [];
      for (const name of ["first", "second", "third"]) {
        try {
          seen.push((await step.waitForEvent(name, { type: "go", timeout: "10 minutes" })).payload);
        } catch {
          seen.push("timed out");
        }
      }
      return seen;`,
    drive: async (run) => {
      await run.create();
      await run.settle();
      await run.event("go", 1);
      await run.settle();
      await run.pass("11 minutes");
      await run.event("go", 3);
      await run.finish();
    },
    expect: { output: [1, "timed out", 3] },
    notFor: { cloudflare: "the times that pass are too long for real time" },
  },
  {
    name: "limits: of a workflow that runs one at a time the next is queued until there is a place",
    concurrency: 1,
    python: `
      if event["payload"].get("child"):
          return "ran"
      @step.do("create")
      async def create():
          child = await self.env.SELF.create({"id": "c1", "params": {"child": True}})
          return (await child.status())["status"]
      queued = await create()
      await step.sleep("make room", "1 minute")
      @step.do("look")
      async def look():
          status = await (await self.env.SELF.get("c1")).status()
          return [status["status"], status["output"]]
      return [queued, *await look()]`,
    javascript: `
      if (event.payload.child) return "ran";
      const queued = await step.do("create", async () => {
        const child = await this.env.SELF.create({ id: "c1", params: { child: true } });
        return (await child.status()).status;
      });
      await step.sleep("make room", "1 minute");
      const looked = await step.do("look", async () => {
        const { status, output } = await (await this.env.SELF.get("c1")).status();
        return [status, output];
      });
      return [queued, ...looked];`,
    expect: { output: ["queued", "complete", "ran"] },
    notFor: { cloudflare: "its local engine has no such limit" },
  },
  {
    name: "shown: the detail of an instance",
    python: `
      @step.do("flaky", config={"retries": {"limit": 2, "delay": "1 second", "backoff": "constant"}})
      async def flaky(ctx):
          if ctx["attempt"] < 2:
              fails("no")
          return {"n": 1}
      await flaky()
      await step.sleep("nap", "1 minute")
      return (await step.wait_for_event("w", "go", timeout="1 hour"))["payload"]`,
    javascript: `
      await step.do("flaky", { retries: { limit: 2, delay: "1 second", backoff: "constant" } }, async (ctx) => {
        if (ctx.attempt < 2) fails("no");
        return { n: 1 };
      });
      await step.sleep("nap", "1 minute");
      return (await step.waitForEvent("w", { type: "go", timeout: "1 hour" })).payload;`,
    params: { n: 1 },
    drive: async (run) => {
      await run.create({ n: 1 });
      await run.event("go", "there");
      await run.finish();
      const { id: _, ...detail } = await run.detail();
      await run.note(withoutTimes(detail));
    },
    expect: {
      output: "there",
      notes: [
        {
          status: "complete",
          params: { n: 1 },
          trigger: { source: "api" },
          versionId: "v1",
          queued: "a time",
          start: "a time",
          end: "a time",
          success: true,
          error: null,
          output: "there",
          step_count: 1,
          rollback: null,
          steps: [
            {
              type: "step",
              name: "flaky-1",
              start: "a time",
              end: "a time",
              success: true,
              output: { n: 1 },
              config: { retries: { limit: 2, delay: "1 second", backoff: "constant" }, timeout: "10 minutes" },
              attempts: [
                {
                  start: "a time",
                  end: "a time",
                  success: false,
                  error: { name: "TypeError", message: "no" },
                  retryDelayMs: 1000,
                },
                { start: "a time", end: "a time", success: true, error: null },
              ],
            },
            { type: "sleep", name: "nap-1", start: "a time", end: "a time", finished: true, error: null },
            {
              type: "waitForEvent",
              name: "w-1",
              start: "a time",
              end: "a time",
              finished: true,
              error: null,
              event_type: "go",
              output: { payload: "there", timestamp: "a time", type: "go" },
            },
          ],
          logs: [],
        },
      ],
    },
    notFor: { cloudflare: "its binding shows no detail JSON" },
  },
];

/** Fields that are each language's own, or counted by some runtimes alone. */
const OWN = new Set(["traceback", "cpuMs", "memoryBytes"]);

/**
 * *value* with its times as what they are, and without the fields that differ.
 *
 * @param {any} value
 * @returns {any}
 */
function withoutTimes(value) {
  if (Array.isArray(value)) return value.map(withoutTimes);
  if (typeof value === "string" && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value)) return "a time";
  if (typeof value !== "object" || value === null) return value;
  const fields = Object.entries(value).filter(([key]) => !OWN.has(key));
  return Object.fromEntries(fields.map(([key, item]) => [key, withoutTimes(item)]));
}
