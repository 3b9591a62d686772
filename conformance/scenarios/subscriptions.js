/** Subscriptions: what happens to an instance, as others are told of it. */

/** @import { Scenario } from "../scenario.d.ts" */

import { NO_RETRY } from "../flows.js";
import { NO_KEYWORDS } from "../reasons.js";

const NO_ENV = { "python-upstream-sdk": NO_KEYWORDS };

/** @type {Scenario[]} */
export default [
  {
    name: "subscriptions: a parent awaits its child by subscribe",
    python: `
      if event.payload.get("child"):
          @step.do("work")
          async def work():
              return 21
          return 2 * await work()
      @step.do("call")
      async def call():
          child = await own(self).create(id="c1", params={"child": True})
          types = []
          async for each in child.subscribe():
              types.append(each["type"])
              last = each
          return [types, last["output"]]
      return await call()`,
    javascript: `
      if (event.payload.child) return 2 * (await step.do("work", async () => 21));
      return step.do("call", async () => {
        const child = await own(this).create({ id: "c1", params: { child: true } });
        const all = await allOf(child.subscribe());
        return [all.map(({ type }) => type), all.at(-1).output];
      });`,
    expect: {
      output: [
        [
          "workflow_queued",
          "workflow_started",
          "workflow_running",
          "step_started",
          "attempt_started",
          "attempt_completed",
          "step_completed",
          "workflow_completed",
        ],
        42,
      ],
    },
    notFor: NO_ENV,
  },
  {
    name: "subscriptions: one with a filter and a cursor",
    python: `
      if event.payload.get("child"):
          @step.do("a")
          async def a():
              return 1
          @step.do("b")
          async def b():
              return 2
          return [await a(), await b()]
      child = await own(self).create(id="c1", params={"child": True})
      first = [each async for each in child.subscribe(filter=["step_completed"])]
      rest = [each async for each in child.subscribe(filter=["step_completed"], cursor=first[0]["eventId"])]
      return [
          [[each["stepName"], each["output"]] for each in first],
          [each["stepName"] for each in rest],
      ]`,
    javascript: `
      if (event.payload.child) return [await step.do("a", async () => 1), await step.do("b", async () => 2)];
      const child = await own(this).create({ id: "c1", params: { child: true } });
      const first = await allOf(child.subscribe({ filter: ["step_completed"] }));
      const rest = await allOf(child.subscribe({ filter: ["step_completed"], cursor: first[0].eventId }));
      return [first.map(({ stepName, output }) => [stepName, output]), rest.map(({ stepName }) => stepName)];`,
    expect: {
      output: [
        [
          ["a-1", 1],
          ["b-1", 2],
        ],
        ["b-1"],
      ],
    },
    notFor: NO_ENV,
  },
  ...[
    ["an unknown type", '{"filter": ["step_done"]}'],
    ["a cursor below 0", '{"cursor": -1}'],
    ["a cursor that is no whole number", '{"cursor": 1.5}'],
    ["a filter that is no list", '{"filter": "step_completed"}'],
  ].map(([what, options]) => ({
    name: `subscriptions: one with ${what} is refused`,
    python: `
      if event.payload.get("child"):
          return 1
      child = await own(self).create(id="c1", params={"child": True})
      async def all(options):
          return [each async for each in child.subscribe(options)]
      return await refused(all(${options}))`,
    javascript: `
      if (event.payload.child) return 1;
      const child = await own(this).create({ id: "c1", params: { child: true } });
      return refused(allOf(child.subscribe(${options})));`,
    expect: { output: "Invalid Workflow subscription options" },
    notFor: NO_ENV,
  })),
  {
    name: "subscriptions: one with a misspelt option is refused",
    python: `
      if event.payload.get("child"):
          return 1
      child = await own(self).create(id="c1", params={"child": True})
      try:
          async for each in child.subscribe({"filtr": []}):
              pass
      except Exception as error:
          return caught(error)`,
    javascript: `
      if (event.payload.child) return 1;
      const child = await own(this).create({ id: "c1", params: { child: true } });
      try {
        await allOf(child.subscribe({ filtr: [] }));
      } catch (error) {
        return caught(error);
      }`,
    expect: {
      output: {
        name: "WorkflowError",
        message: "Invalid Workflow subscription options: filtr is not known; did you mean filter?",
      },
    },
    differs: { cloudflare: "it does not say what is wrong" },
    notFor: NO_ENV,
  },
  {
    name: "subscriptions: a sensitive output is hidden from subscribers and from status",
    python: `
      if event.payload.get("child"):
          @step.do("token", config={"sensitive": "output"})
          async def token():
              return "secret"
          return len(await token())
      child = await own(self).create(id="c1", params={"child": True})
      seen = [each["output"] async for each in child.subscribe(filter=["step_completed"])]
      status = await child.status()
      return [seen, status["__LOCAL_DEV_STEP_OUTPUTS"], status["output"]]`,
    javascript: `
      if (event.payload.child) return (await step.do("token", { sensitive: "output" }, async () => "secret")).length;
      const child = await own(this).create({ id: "c1", params: { child: true } });
      const seen = (await allOf(child.subscribe({ filter: ["step_completed"] }))).map(({ output }) => output);
      const status = await child.status();
      return [seen, status.__LOCAL_DEV_STEP_OUTPUTS, status.output];`,
    expect: { output: [["[REDACTED]"], ["[REDACTED]"], 6] },
    notFor: NO_ENV,
  },
  {
    name: "subscriptions: what happens to steps, sleeps, waits and rollbacks is told, each in its turn",
    python: `
      if event.payload.get("child"):
          @step.do("flaky", config={"retries": {"limit": 1, "delay": "1 second"}}, rollback=lambda: None)
          async def flaky(ctx):
              if ctx["attempt"] < 2:
                  fails("not yet")
          await flaky()
          await step.sleep("nap", "1 second")
          await step.wait_for_event("here", "go", timeout="1 hour")
          try:
              await step.wait_for_event("w", "never", timeout="1 second")
          except Exception:
              pass
          @step.do("bad", config=${NO_RETRY})
          async def bad():
              fails("no")
          await bad()
      @step.do("create")
      async def create():
          child = await own(self).create(id="c1", params={"child": True})
          await child.send_event(type="go")
      await create()
      await step.sleep("until it has ended", "1 hour")
      @step.do("look")
      async def look():
          told = [each async for each in (await own(self).get("c1")).subscribe()]
          names = [[each["type"], each["stepName"]] for each in told if "stepName" in each]
          ids = [each["eventId"] for each in told]
          return [names, told[-1]["type"], told[-1]["error"]["message"], ids == sorted(set(ids))]
      return await look()`,
    javascript: `
      if (event.payload.child) {
        const config = { retries: { limit: 1, delay: "1 second" } };
        const flaky = async ({ attempt }) => {
          if (attempt < 2) fails("not yet");
        };
        await step.do("flaky", config, flaky, { rollback: async () => {} });
        await step.sleep("nap", "1 second");
        await step.waitForEvent("here", { type: "go", timeout: "1 hour" });
        await step.waitForEvent("w", { type: "never", timeout: "1 second" }).catch(() => {});
        await step.do("bad", ${NO_RETRY}, async () => fails("no"));
      }
      await step.do("create", async () => {
        const child = await own(this).create({ id: "c1", params: { child: true } });
        await child.sendEvent({ type: "go" });
      });
      await step.sleep("until it has ended", "1 hour");
      return step.do("look", async () => {
        const told = await allOf((await own(this).get("c1")).subscribe());
        const names = told.filter(({ stepName }) => stepName).map(({ type, stepName }) => [type, stepName]);
        const ids = told.map(({ eventId }) => eventId);
        const inOrder = ids.every((id, i) => i === 0 || id > ids[i - 1]);
        return [names, told.at(-1).type, told.at(-1).error.message, inOrder];
      });`,
    expect: {
      output: [
        [
          ["step_started", "flaky-1"],
          ["attempt_started", "flaky-1"],
          ["attempt_errored", "flaky-1"],
          ["attempt_started", "flaky-1"],
          ["attempt_completed", "flaky-1"],
          ["step_completed", "flaky-1"],
          ["sleep_started", "nap-1"],
          ["sleep_completed", "nap-1"],
          ["wait_started", "here-1"],
          ["wait_completed", "here-1"],
          ["wait_started", "w-1"],
          ["wait_timed_out", "w-1"],
          ["step_started", "bad-1"],
          ["attempt_started", "bad-1"],
          ["attempt_errored", "bad-1"],
          ["step_errored", "bad-1"],
          ["rollback_step_started", "flaky-1"],
          ["rollback_attempt_started", "flaky-1"],
          ["rollback_attempt_completed", "flaky-1"],
          ["rollback_step_completed", "flaky-1"],
        ],
        "workflow_errored",
        "no",
        true,
      ],
    },
    notFor: NO_ENV,
  },
];
