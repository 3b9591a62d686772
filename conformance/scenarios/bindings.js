/** Workflows that create, await, signal and manage others: here, further instances of themselves. */

/** @import { Scenario } from "../scenario.d.ts" */

import { NO_DETAIL, NO_KEYWORDS, SAYS_RUNNING } from "../reasons.js";

const NO_ENV = { "python-upstream-sdk": NO_KEYWORDS };

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
    name: "bindings: an id is made where none is given",
    python: `
      if event["payload"].get("child"):
          return event["instanceId"]
      @step.do("create")
      async def create():
          return (await self.env.SELF.create({"params": {"child": True}})).id
      made = await create()
      await step.sleep("let it end", "1 minute")
      @step.do("look")
      async def look():
          return (await (await self.env.SELF.get(made)).status())["output"]
      return [made != event["instanceId"], await look() == made]`,
    javascript: `
      if (event.payload.child) return event.instanceId;
      const made = await step.do("create", async () => (await this.env.SELF.create({ params: { child: true } })).id);
      await step.sleep("let it end", "1 minute");
      const output = await step.do("look", async () => (await (await this.env.SELF.get(made)).status()).output);
      return [made !== event.instanceId, output === made];`,
    expect: { output: [true, true] },
  },
  ...["x".repeat(100), "NAME_123-hello", "0"].map((id) => ({
    name: `bindings: an instance may have the id ${id.length > 30 ? `of ${id.length} characters` : JSON.stringify(id)}`,
    python: `
      if event["payload"].get("child"):
          return None
      return (await self.env.SELF.create({"id": "${id}", "params": {"child": True}})).id`,
    javascript: `
      if (event.payload.child) return null;
      return (await this.env.SELF.create({ id: "${id}", params: { child: true } })).id;`,
    expect: { output: id },
  })),
  {
    name: "bindings: the status of one that waits, of one that has ended and of one that has failed",
    python: `
      child = event["payload"].get("child")
      if child == "waits":
          await step.sleep("long", "3 days")
      if child == "fails":
          fails("no")
      if child:
          return child
      seen = []
      for what in ["ends", "fails", "waits"]:
          @step.do("create")
          async def create():
              return (await self.env.SELF.create({"id": event["instanceId"] + "-" + what, "params": {"child": what}})).id
          made = await create()
          await step.sleep("let it go on", "1 minute")
          @step.do("look")
          async def look():
              status = await (await self.env.SELF.get(made)).status()
              error = status.get("error")
              return [status["status"], status["output"], error and [error["name"], error["message"]]]
          seen.append(await look())
      return seen`,
    javascript: `
      const { child } = event.payload;
      if (child === "waits") await step.sleep("long", "3 days");
      if (child === "fails") fails("no");
      if (child) return child;
      const seen = [];
      for (const what of ["ends", "fails", "waits"]) {
        const made = await step.do("create", async () => {
          const id = \`\${event.instanceId}-\${what}\`;
          return (await this.env.SELF.create({ id, params: { child: what } })).id;
        });
        await step.sleep("let it go on", "1 minute");
        seen.push(
          await step.do("look", async () => {
            const { status, output, error } = await (await this.env.SELF.get(made)).status();
            return [status, output, error ? [error.name, error.message] : null];
          }),
        );
      }
      return seen;`,
    expect: { output: [["complete", "ends", null], ["errored", null, ["TypeError", "no"]], ["waiting", null, null]] }, // prettier-ignore
    differs: { cloudflare: SAYS_RUNNING },
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
      return (await allOf(child.subscribe())).at(-1).output;`,
    expect: { output: { from: "i" } },
    notFor: NO_ENV,
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
    showsReplays: "run() creates the child outside a step",
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
