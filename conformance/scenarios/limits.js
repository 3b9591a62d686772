/** Limits of a workflow, an instance and an event. */

/** @import { Scenario } from "../scenario.d.ts" */

/** @type {Scenario[]} */
export default [
  {
    name: "limits: an event of more than 1 MiB is refused",
    python: `return len((await step.wait_for_event("w", "go", timeout="1 hour"))["payload"])`,
    javascript: `return (await step.waitForEvent("w", { type: "go", timeout: "1 hour" })).payload.length;`,
    drive: async (run) => {
      await run.create();
      await run.settle();
      await run.note(
        run.event("go", "x".repeat(1_100_000)).then(
          () => "taken",
          () => "refused",
        ),
      );
      await run.event("go", "small");
      await run.finish();
    },
    expect: { output: 5, notes: ["refused"] },
    notFor: { cloudflare: "only production checks its size" },
  },
  {
    name: "limits: as many steps as the limit allows, retries not counted",
    stepLimit: 3,
    python: `
      for i in range(3):
          @step.do("s", config={"retries": {"limit": 2, "delay": "1 second"}})
          async def s(ctx):
              if ctx["attempt"] < 2:
                  fails("no")
          await s()
      return "through"`,
    javascript: `
      for (let i = 0; i < 3; i++) {
        await step.do("s", { retries: { limit: 2, delay: "1 second" } }, async ({ attempt }) => {
          if (attempt < 2) fails("no");
        });
      }
      return "through";`,
    expect: { output: "through" },
    notFor: { cloudflare: "the limit is set for the whole process there" },
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
];
