/** Workflows that create, await, signal and manage others: here, further instances of themselves. */

/** @import { Scenario } from "../scenario.d.ts" */

const NO_ENV = {
  "python-upstream-sdk": "its bindings have no keywords and no names in snake case",
};

const NO_SUBSCRIBE = "its local binding has no subscribe()";
const NO_DETAIL = "its binding shows no detail JSON";
const TAKES_ANY = "it takes any option";
const KEEPS = "its local engine keeps every instance";
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
    name: "bindings: an id that exists, one that is none, and one that nobody has",
    python: `
      if event.payload.get("child"):
          return 1
      flow = own(self)
      await flow.create(id="c1", params={"child": True})
      return [
          await refused(flow.create(id="c1")),
          "invalid id" in await refused(flow.create(id="-")),
          "reserved" if await refused(flow.create(id="batch")) else "",
          await refused(flow.get("nobody")),
      ]`,
    javascript: `
      if (event.payload.child) return 1;
      const flow = own(this);
      await flow.create({ id: "c1", params: { child: true } });
      return [
        await refused(flow.create({ id: "c1" })),
        (await refused(flow.create({ id: "-" }))).includes("invalid id"),
        (await refused(flow.create({ id: "batch" }))) ? "reserved" : "",
        await refused(flow.get("nobody")),
      ];`,
    expect: {
      output: [
        '(instance.already_exists) Workflow instance with id "c1" already exists',
        true,
        "reserved",
        "(instance.not_found) Instance does not exist: nobody",
      ],
    },
    notFor: NO_ENV,
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
    name: "bindings: a misspelt option is refused and the right one named",
    python: `
      if event.payload.get("child"):
          return 1
      child = await own(self).create(id="c2", params={"child": True})
      return [
          "params" in await refused(own(self).create(parms={})),
          "rollback" in await refused(child.terminate({"rolback": True})),
      ]`,
    javascript: `
      if (event.payload.child) return 1;
      const child = await own(this).create({ id: "c2", params: { child: true } });
      return [
        (await refused(own(this).create({ parms: {} }))).includes("params"),
        (await refused(child.terminate({ rolback: true }))).includes("rollback"),
      ];`,
    expect: { output: [true, true] },
    notFor: { ...NO_ENV, cloudflare: TAKES_ANY },
  },

  // Batches ----------------------------------------------------------------------------------------------------------------
  {
    name: "batches: a list leaves out what exists, without a word",
    python: `
      if event.payload.get("child"):
          return 1
      flow = own(self)
      await flow.create(id="b", params={"child": True})
      made = await flow.create_batch([{"id": each, "params": {"child": True}} for each in ["a", "b", "c", "a"]])
      return [each.id for each in made]`,
    javascript: `
      if (event.payload.child) return 1;
      const flow = own(this);
      await flow.create({ id: "b", params: { child: true } });
      const made = await flow.createBatch(["a", "b", "c", "a"].map((id) => ({ id, params: { child: true } })));
      return made.map(({ id }) => id);`,
    expect: { output: ["a", "c"] },
    notFor: NO_ENV,
  },
  {
    name: "batches: instances say what became of each",
    python: `
      if event.payload.get("child"):
          return 1
      flow = own(self)
      await flow.create(id="b", params={"child": True})
      one = {"params": {"child": True}}
      result = await flow.create_batch(instances=[{"id": each, **one} for each in ["a", "b", "a"]])
      return [[each.id for each in result["created"]], result["errors"]]`,
    javascript: `
      if (event.payload.child) return 1;
      const flow = own(this);
      await flow.create({ id: "b", params: { child: true } });
      const instances = ["a", "b", "a"].map((id) => ({ id, params: { child: true } }));
      const { created, errors } = await flow.createBatch({ instances });
      return [created.map(({ id }) => id), errors];`,
    expect: {
      output: [
        ["a"],
        [
          { index: 1, id: "b", code: 10405, message: "workflows.api.error.instance.already_exists" },
          { index: 2, id: "a", code: 10415, message: "workflows.api.error.instance.duplicate_in_batch" },
        ],
      ],
    },
    notFor: NO_ENV,
  },
  {
    name: "batches: what is refused as a whole",
    python: `
      flow = own(self)
      return [
          await refused(flow.create_batch([])),
          await refused(flow.create_batch([{}] * 101)),
          await refused(flow.create_batch(count=0)),
          await refused(flow.create_batch(count=101)),
          await refused(flow.create_batch({})),
          await refused(flow.create_batch(instances=[])),
          await refused(flow.create_batch(instances=[{"id": "ok"}, {"id": "-"}])),
          await refused(flow.get("ok")),
          await refused(flow.delete_batch([])),
          await refused(flow.delete_batch(["x"] * 101)),
      ]`,
    javascript: `
      const flow = own(this);
      return [
        await refused(flow.createBatch([])),
        await refused(flow.createBatch(Array(101).fill({}))),
        await refused(flow.createBatch({ count: 0 })),
        await refused(flow.createBatch({ count: 101 })),
        await refused(flow.createBatch({})),
        await refused(flow.createBatch({ instances: [] })),
        await refused(flow.createBatch({ instances: [{ id: "ok" }, { id: "-" }] })),
        await refused(flow.get("ok")),
        await refused(flow.deleteBatch([])),
        await refused(flow.deleteBatch(Array(101).fill("x"))),
      ];`,
    expect: {
      output: [
        "WorkflowError: batchCreate should have at least 1 instance",
        "WorkflowError: batchCreate only supports 100 instances at a time",
        "(body) count must be a positive integer",
        "(body) batchCreate only supports 100 instances at a time",
        "(body) Provided argument is invalid",
        "(body) Provided argument is invalid",
        "(instance.invalid_id) Instance ID is invalid",
        "(instance.not_found) Instance does not exist: ok",
        "(body) batchDeleteInstances should have at least 1 instance",
        "(body) batchDeleteInstances only supports 100 instances at a time",
      ],
    },
    notFor: NO_ENV,
    differs: { cloudflare: OTHER_WORDS },
  },
  {
    name: "batches: delete reports every position",
    python: `
      if event.payload.get("child"):
          return 1
      flow = own(self)
      await flow.create(id="a", params={"child": True})
      result = await flow.delete_batch(["a", "missing", "a"])
      return [[each["id"] for each in result["deleted"]], result["errors"]]`,
    javascript: `
      if (event.payload.child) return 1;
      const flow = own(this);
      await flow.create({ id: "a", params: { child: true } });
      const { deleted, errors } = await flow.deleteBatch(["a", "missing", "a"]);
      return [deleted.map(({ id }) => id), errors];`,
    expect: {
      output: [["a", "a"], [{ id: "missing", code: 10400, message: "workflows.api.error.instance.not_found" }]],
    },
    notFor: NO_ENV,
  },

  // Retention --------------------------------------------------------------------------------------------------------------
  ...[
    { what: "a success is gone after its retention", fails: false, success: "1 minute", error: "9 days" },
    { what: "an error is gone after its own", fails: true, success: "9 days", error: "1 minute" },
  ].map(({ what, fails, success, error }) => ({
    name: `retention: ${what}`,
    python: `
      if event.payload.get("child"):
          if ${fails ? "True" : "False"}:
              fails("no")
          return 1
      flow = own(self)
      retention = {"success_retention": "${success}", "error_retention": "${error}"}
      @step.do("create")
      async def create():
          await flow.create(id="c1", params={"child": True}, retention=retention)
      await create()
      await step.sleep("a moment", "30 seconds")
      @step.do("look")
      async def look():
          return (await flow.get("c1")).id
      there = await look()
      await step.sleep("a while", "5 minutes")
      return [there, await refused(flow.get("c1"))]`,
    javascript: `
      if (event.payload.child) {
        if (${String(fails)}) fails("no");
        return 1;
      }
      const flow = own(this);
      const retention = { successRetention: "${success}", errorRetention: "${error}" };
      await step.do("create", async () => void (await flow.create({ id: "c1", params: { child: true }, retention })));
      await step.sleep("a moment", "30 seconds");
      const there = await step.do("look", async () => (await flow.get("c1")).id);
      await step.sleep("a while", "5 minutes");
      return [there, await refused(flow.get("c1"))];`,
    expect: { output: ["c1", "(instance.not_found) Instance does not exist: c1"] },
    notFor: { ...NO_ENV, cloudflare: KEEPS },
  })),
];
