/** Bindings: what a workflow can ask of others. `env.SELF` is the scenario's own workflow. */

/** @import { Scenario } from "../scenario.d.ts" */

/** @type {Scenario[]} */
export default [
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
    name: "bindings: the status of what does not exist",
    python: `
      try:
          instance = await self.env.SELF.get("nobody")
          await instance.status()
      except Exception as error:
          return "instance.not_found" in str(error)`,
    javascript: `
      try {
        await (await this.env.SELF.get("nobody")).status();
      } catch (error) {
        return error.message.includes("instance.not_found");
      }`,
    expect: { output: true },
  },
  {
    name: "bindings: an id that is taken is refused",
    python: `
      try:
          await self.env.SELF.create({"id": event["instanceId"]})
      except Exception as error:
          return "already_exists" in str(error)`,
    javascript: `
      try {
        await this.env.SELF.create({ id: event.instanceId });
      } catch (error) {
        return error.message.includes("already_exists");
      }`,
    expect: { output: true },
  },
  {
    name: "bindings: an id that is none is refused",
    python: `
      try:
          await self.env.SELF.create({"id": "#invalid!"})
      except Exception as error:
          return "invalid" in str(error)`,
    javascript: `
      try {
        await this.env.SELF.create({ id: "#invalid!" });
      } catch (error) {
        return error.message.includes("invalid");
      }`,
    expect: { output: true },
  },
  {
    name: "bindings: a batch leaves out what exists",
    python: `
      if event["payload"].get("child"):
          return None
      own = event["instanceId"]
      ids = [own + "-1", own, own + "-2"]
      made = await self.env.SELF.create_batch([{"id": each, "params": {"child": True}} for each in ids])
      return [each.id == own + end for each, end in zip(made, ["-1", "-2"], strict=True)]`,
    javascript: `
      if (event.payload.child) return null;
      const own = event.instanceId;
      const made = await this.env.SELF.createBatch(
        [\`\${own}-1\`, own, \`\${own}-2\`].map((id) => ({ id, params: { child: true } })),
      );
      return made.map(({ id }, i) => id === \`\${own}-\${i + 1}\`);`,
    expect: { output: [true, true] },
  },
  {
    name: "bindings: an empty batch is refused",
    python: `
      try:
          await self.env.SELF.create_batch([])
      except Exception as error:
          return "at least 1 instance" in str(error)`,
    javascript: `
      try {
        await this.env.SELF.createBatch([]);
      } catch (error) {
        return error.message.includes("at least 1 instance");
      }`,
    expect: { output: true },
  },
  {
    name: "bindings: a batch of 101 is refused",
    python: `
      try:
          await self.env.SELF.create_batch([{}] * 101)
      except Exception as error:
          return "only supports 100 instances" in str(error)`,
    javascript: `
      try {
        await this.env.SELF.createBatch(Array.from({ length: 101 }, () => ({})));
      } catch (error) {
        return error.message.includes("only supports 100 instances");
      }`,
    expect: { output: true },
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
