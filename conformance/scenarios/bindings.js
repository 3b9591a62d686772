/** Workflows that create, await, signal and manage others: here, further instances of themselves. */

/** @import { Scenario } from "../scenario.d.ts" */

import { NO_DETAIL, NO_KEYWORDS } from "../reasons.js";

const NO_ENV = { "python-upstream-sdk": NO_KEYWORDS };

const NO_SUBSCRIBE = "its local binding has no subscribe()";
const OTHER_WORDS = "its local binding words refusals in another way";

/** @type {Scenario[]} */
export default [
  {
    name: "bindings: create, and what the instance is told",
    python: `
      if event.payload.get("child"):
          return {"id": event.instanceId, "payload": event.payload}
      @step.do("create")
      async def create():
          made = await own(self).create(id="c1", params={"child": True, "n": [1, 2.5, None]})
          return made.id
      return await create()`,
    javascript: `
      if (event.payload.child) return { id: event.instanceId, payload: event.payload };
      return step.do("create", async () => {
        const made = await own(this).create({ id: "c1", params: { child: true, n: [1, 2.5, null] } });
        return made.id;
      });`,
    async drive(run) {
      await run.create();
      await run.finish();
      await run.settle();
      const { status, output, params, trigger } = await run.detail("c1");
      await run.note({ status, output, params, trigger });
    },
    expect: {
      output: "c1",
      notes: [
        {
          status: "complete",
          output: { id: "c1", payload: { child: true, n: [1, 2.5, null] } },
          params: { child: true, n: [1, 2.5, null] },
          trigger: { source: "binding" },
        },
      ],
    },
    notFor: { ...NO_ENV, cloudflare: NO_DETAIL },
  },
  {
    name: "bindings: params are {} where none are given",
    python: `
      if event.instanceId == "c1":
          return event.payload
      await own(self).create(id="c1")`,
    javascript: `
      if (event.instanceId === "c1") return event.payload;
      await own(this).create({ id: "c1" });`,
    async drive(run) {
      await run.create();
      await run.finish();
      await run.settle();
      await run.note((await run.detail("c1")).output);
    },
    expect: { output: null, notes: [{}] },
    notFor: { ...NO_ENV, cloudflare: NO_DETAIL },
  },
  {
    name: "bindings: an id that exists is refused",
    python: `
      if event["payload"].get("child"):
          return 1
      options = {"id": "c1", "params": {"child": True}}
      await own(self).create(options)
      try:
          await own(self).create(options)
      except Exception as error:
          return caught(error)`,
    javascript: `
      if (event.payload.child) return 1;
      const options = { id: "c1", params: { child: true } };
      await own(this).create(options);
      return own(this).create(options).catch(caught);`,
    expect: {
      output: {
        name: "WorkflowError",
        message: '(instance.already_exists) Workflow instance with id "c1" already exists',
      },
    },
    differs: { cloudflare: OTHER_WORDS },
  },
  {
    name: "bindings: a parent awaits its child by subscribe",
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
        const types = [];
        let last;
        for await (const each of await child.subscribe()) {
          types.push(each.type);
          last = each;
        }
        return [types, last.output];
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
    notFor: { ...NO_ENV, cloudflare: NO_SUBSCRIBE },
  },
  {
    name: "bindings: subscribe with a filter and a cursor",
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
      const all = async (options) => {
        const found = [];
        for await (const each of await child.subscribe(options)) found.push(each);
        return found;
      };
      const first = await all({ filter: ["step_completed"] });
      const rest = await all({ filter: ["step_completed"], cursor: first[0].eventId });
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
    notFor: { ...NO_ENV, cloudflare: NO_SUBSCRIBE },
  },
  ...[
    ["an unknown type", '{"filter": ["step_done"]}'],
    ["a cursor below 0", '{"cursor": -1}'],
    ["a cursor that is no whole number", '{"cursor": 1.5}'],
    ["a filter that is no list", '{"filter": "step_completed"}'],
  ].map(([what, options]) => ({
    name: `bindings: subscribe with ${what} is refused`,
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
      const all = async (options) => {
        for await (const each of await child.subscribe(options)) void each;
      };
      return refused(all(${options}));`,
    expect: { output: "Invalid Workflow subscription options" },
    notFor: NO_ENV,
  })),
  {
    name: "bindings: subscribe with a misspelt option is refused",
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
        for await (const each of await child.subscribe({ filtr: [] })) void each;
      } catch (error) {
        return caught(error);
      }`,
    expect: {
      output: {
        name: "WorkflowError",
        message: "Invalid Workflow subscription options: filtr is not known; did you mean filter?",
      },
    },
    notFor: { ...NO_ENV, cloudflare: NO_SUBSCRIBE },
  },
  {
    name: "bindings: a sensitive output is hidden from subscribers and from status",
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
      const seen = [];
      for await (const each of await child.subscribe({ filter: ["step_completed"] })) seen.push(each.output);
      const status = await child.status();
      return [seen, status.__LOCAL_DEV_STEP_OUTPUTS, status.output];`,
    expect: { output: [["[REDACTED]"], ["[REDACTED]"], 6] },
    notFor: { ...NO_ENV, cloudflare: NO_SUBSCRIBE },
  },
  {
    name: "bindings: an event from one workflow to another",
    python: `
      if event.payload.get("child"):
          got = await step.wait_for_event("go", "go")
          return got["payload"]
      child = await own(self).create(id="c1", params={"child": True})
      await child.send_event(type="go", payload={"from": event.instanceId[:1]})
      async for each in child.subscribe():
          last = each
      return last["output"]`,
    javascript: `
      if (event.payload.child) return (await step.waitForEvent("go", { type: "go" })).payload;
      const child = await own(this).create({ id: "c1", params: { child: true } });
      await child.sendEvent({ type: "go", payload: { from: event.instanceId[0] } });
      let last;
      for await (const each of await child.subscribe()) last = each;
      return last.output;`,
    expect: { output: { from: "i" } },
    notFor: { ...NO_ENV, cloudflare: NO_SUBSCRIBE },
  },
  {
    name: "bindings: pause, resume, terminate, restart and delete",
    python: `
      if event.payload.get("child"):
          await step.sleep("nap", "1 hour")
          return 1
      child = await own(self).create(id="c1", params={"child": True})
      seen = []
      async def tell():
          seen.append((await child.status())["status"])
      await child.pause()
      await tell()
      await child.resume()
      await child.terminate()
      await tell()
      seen.append(await refused(child.terminate()))
      await child.restart()
      seen.append((await child.status())["status"] in ("queued", "running"))
      await child.delete()
      seen.append(await refused(child.status()))
      return seen[1:]`,
    javascript: `
      if (event.payload.child) {
        await step.sleep("nap", "1 hour");
        return 1;
      }
      const child = await own(this).create({ id: "c1", params: { child: true } });
      const seen = [];
      const tell = async () => void seen.push((await child.status()).status);
      await child.pause();
      await tell();
      await child.resume();
      await child.terminate();
      await tell();
      seen.push(await refused(child.terminate()));
      await child.restart();
      seen.push(["queued", "running"].includes((await child.status()).status));
      await child.delete();
      seen.push(await refused(child.status()));
      return seen.slice(1);`,
    expect: {
      output: [
        "terminated",
        "(instance.cannot_terminate) Cannot terminate instance since its on a finite state",
        true,
        "(instance.not_found) Instance does not exist: c1",
      ],
    },
    notFor: NO_ENV,
    differs: { cloudflare: OTHER_WORDS },
  },
  {
    name: "bindings: an instance deletes itself",
    python: `
      if event.payload.get("child"):
          await (await own(self).get(event.instanceId)).delete()
          await step.sleep("never", "1 hour")
      else:
          await own(self).create(id="c1", params={"child": True})`,
    javascript: `
      if (event.payload.child) {
        await (await own(this).get(event.instanceId)).delete();
        await step.sleep("never", "1 hour");
      } else await own(this).create({ id: "c1", params: { child: true } });`,
    async drive(run) {
      await run.create();
      await run.finish();
      await run.settle();
      await run.note(run.detail("c1"));
    },
    expect: { output: null, notes: ["(instance.not_found) Instance does not exist: c1"] },
    notFor: { ...NO_ENV, cloudflare: NO_DETAIL },
  },
  {
    name: "bindings: a child is created, and signals its parent",
    python: `
      if event["payload"].get("parent"):
          parent = await self.env.SELF.get(event["payload"]["parent"])
          await parent.send_event({"type": "done", "payload": {"twice": event["payload"]["n"] * 2}})
          return None
      child = await self.env.SELF.create({"id": event["instanceId"] + "-child", "params": {"parent": event["instanceId"], "n": 21}})
      answer = await step.wait_for_event("answer", "done", timeout="1 hour")
      return [child.id == event["instanceId"] + "-child", answer["payload"]["twice"]]`,
    javascript: `
      const { parent, n } = event.payload;
      if (parent) {
        await (await this.env.SELF.get(parent)).sendEvent({ type: "done", payload: { twice: n * 2 } });
        return null;
      }
      const id = \`\${event.instanceId}-child\`;
      const child = await this.env.SELF.create({ id, params: { parent: event.instanceId, n: 21 } });
      const answer = await step.waitForEvent("answer", { type: "done", timeout: "1 hour" });
      return [child.id === id, answer.payload.twice];`,
    expect: { output: [true, 42] },
  },
  {
    name: "bindings: a child is paused, resumed and terminated",
    python: `
      if event["payload"].get("child"):
          await step.wait_for_event("never", "never", timeout="30 days")
      @step.do("create")
      async def create():
          params = {"child": True}
          return (await self.env.SELF.create({"id": event["instanceId"] + "-child", "params": params})).id
      child = await create()
      seen = []
      for what in ["pause", "resume", "terminate"]:
          await step.sleep("let it rest", "1 hour")
          @step.do(what)
          async def act():
              await getattr(await self.env.SELF.get(child), what)()
          await act()
          await step.sleep("let it rest", "1 hour")
          @step.do("look")
          async def look():
              return (await (await self.env.SELF.get(child)).status())["status"]
          seen.append(await look())
      return [seen[0], seen[1] in ["waiting", "running"], seen[2]]`,
    javascript: `
      if (event.payload.child) await step.waitForEvent("never", { type: "never", timeout: "30 days" });
      const child = await step.do("create", async () => {
        const params = { child: true };
        return (await this.env.SELF.create({ id: \`\${event.instanceId}-child\`, params })).id;
      });
      const seen = [];
      for (const what of ["pause", "resume", "terminate"]) {
        await step.sleep("let it rest", "1 hour");
        await step.do(what, async () => {
          await (await this.env.SELF.get(child))[what]();
        });
        await step.sleep("let it rest", "1 hour");
        seen.push(await step.do("look", async () => (await (await this.env.SELF.get(child)).status()).status));
      }
      return [seen[0], ["waiting", "running"].includes(seen[1]), seen[2]];`,
    expect: { output: ["paused", true, "terminated"] },
  },
  {
    name: "bindings: what is deleted is gone",
    python: `
      if event["payload"].get("child"):
          return None
      @step.do("create")
      async def create():
          params = {"child": True}
          return (await self.env.SELF.create({"id": event["instanceId"] + "-child", "params": params})).id
      child = await create()
      await step.sleep("let it end", "1 hour")
      @step.do("delete")
      async def delete():
          await (await self.env.SELF.get(child)).delete()
      await delete()
      try:
          instance = await self.env.SELF.get(child)
          await instance.status()
      except Exception as error:
          return "instance.not_found" in str(error)`,
    javascript: `
      if (event.payload.child) return null;
      const child = await step.do("create", async () => {
        const params = { child: true };
        return (await this.env.SELF.create({ id: \`\${event.instanceId}-child\`, params })).id;
      });
      await step.sleep("let it end", "1 hour");
      await step.do("delete", async () => {
        await (await this.env.SELF.get(child)).delete();
      });
      try {
        await (await this.env.SELF.get(child)).status();
      } catch (error) {
        return error.message.includes("instance.not_found");
      }`,
    expect: { output: true },
  },
];
