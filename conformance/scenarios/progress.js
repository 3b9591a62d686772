/** Progress: what a step reports while it runs, as followers of the instance are told of it. */

/** @import { Scenario } from "../scenario.d.ts" */

const OURS = "its steps report nothing";
const NOT_THERE = { "python-upstream-sdk": OURS, cloudflare: OURS };

/** @type {Scenario[]} */
export default [
  {
    name: "progress: a parent follows what a step of its child reports",
    python: `
      if event.payload.get("child"):
          @step.do("answer")
          async def answer(ctx):
              for word in ["a", {"b": [1, None]}]:
                  await ctx.report_progress(word)
              ctx.report_progress("not awaited")
              return "done"
          result = await answer()
          await step.sleep("nap", "1 hour")
          return result
      child = await own(self).create(id="c1", params={"child": True})
      items = []
      async for each in child.subscribe(progress=0, filter=["step_progress", "step_completed"]):
          items.append([each["type"], each["stepName"], each.get("attempt"), each.get("progress"), each.get("progressId")])
          if each["type"] == "step_completed":
              break
      return items`,
    javascript: `
      if (event.payload.child) {
        const result = await step.do("answer", async (ctx) => {
          for (const word of ["a", { b: [1, null] }]) await ctx.reportProgress(word);
          void ctx.reportProgress("not awaited");
          return "done";
        });
        await step.sleep("nap", "1 hour");
        return result;
      }
      const child = await own(this).create({ id: "c1", params: { child: true } });
      const items = [];
      for await (const each of await child.subscribe({ progress: 0, filter: ["step_progress", "step_completed"] })) {
        const { type, stepName, attempt = null, progress = null, progressId = null } = each;
        items.push([type, stepName, attempt, progress, progressId]);
        if (type === "step_completed") break;
      }
      return items;`,
    expect: {
      output: [
        ["step_progress", "answer-1", 1, "a", 1],
        ["step_progress", "answer-1", 1, { b: [1, null] }, 2],
        ["step_progress", "answer-1", 1, "not awaited", 3],
        ["step_completed", "answer-1", null, null, null],
      ],
    },
    notFor: NOT_THERE,
  },
  {
    name: "progress: what a failed attempt has reported is superseded, and a replay reports nothing again",
    python: `
      if event.payload.get("child"):
          @step.do("answer", config={"retries": {"limit": 1, "delay": "1 minute"}})
          async def answer(ctx):
              await ctx.report_progress(["attempt", ctx.attempt])
              if ctx.attempt == 1:
                  raise ValueError("once")
          await answer()
          await step.sleep("nap", "1 hour")
          return "done"
      @step.do("create")
      async def create():
          await own(self).create(id="c1", params={"child": True})
      await create()
      await step.sleep("until it has ended", "3 hours")
      child = await own(self).get("c1")
      items = [each async for each in child.subscribe(filter=["step_progress", "step_progress_superseded"])]
      return [[each["type"], each.get("progress"), each.get("superseded")] for each in items]`,
    javascript: `
      if (event.payload.child) {
        await step.do("answer", { retries: { limit: 1, delay: "1 minute" } }, async (ctx) => {
          await ctx.reportProgress(["attempt", ctx.attempt]);
          if (ctx.attempt === 1) throw new Error("once");
        });
        await step.sleep("nap", "1 hour");
        return "done";
      }
      await step.do("create", async () => void (await own(this).create({ id: "c1", params: { child: true } })));
      await step.sleep("until it has ended", "3 hours");
      const child = await own(this).get("c1");
      const items = await allOf(child.subscribe({ filter: ["step_progress", "step_progress_superseded"] }));
      return items.map(({ type, progress = null, superseded = null }) => [type, progress, superseded]);`,
    expect: {
      output: [
        ["step_progress", ["attempt", 1], true],
        ["step_progress_superseded", null, null],
        ["step_progress", ["attempt", 2], null],
      ],
    },
    notFor: NOT_THERE,
  },
  {
    name: "progress: what cannot be stored is refused where it is reported, and the context is data as before",
    python: `
      @step.do("answer")
      async def answer(ctx):
          try:
              ctx.report_progress(lambda: None)
          except TypeError as error:
              refused = "progress" in str(error)
          return [refused, sorted(ctx)]
      return await answer()`,
    javascript: `
      return await step.do("answer", async (ctx) => {
        let refused = false;
        try {
          await ctx.reportProgress(() => {});
        } catch (error) {
          refused = error.message.includes("progress");
        }
        return [refused, Object.keys(ctx).filter((key) => key !== "signal").sort()];
      });`,
    expect: { output: [true, ["attempt", "config", "step"]] },
    notFor: NOT_THERE,
  },
];
