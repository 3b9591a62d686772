/** Batches of instances, and how long instances are kept. */

/** @import { Scenario } from "../scenario.d.ts" */

import { NO_KEYWORDS } from "../reasons.js";

const NO_ENV = { "python-upstream-sdk": NO_KEYWORDS };

const KEEPS = "its local engine keeps every instance";

/** @type {Scenario[]} */
export default [
  {
    name: "batches: one leaves out what exists",
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
