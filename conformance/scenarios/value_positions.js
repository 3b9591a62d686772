/** Values of a kind in the other positions: params and events between workflows, output, fields of errors. */

/** @import { Scenario } from "../scenario.d.ts" */

import { NO_RETRY } from "../flows.js";
/** @import { Vector } from "../vectors.js" */

import { ONLY_JAVASCRIPT, ONLY_PYTHON, PLAIN, RICH, upstreamDiffers } from "../vectors.js";

/** @type {Vector} */
const ALL_OF_JSON = {
  what: "all that JSON has",
  // Upstream's SDK cannot hold that key at all.
  value: PLAIN.filter(({ what }) => !what.includes("__proto__")).map(({ value }) => value),
  python: 'event["payload"]["value"]',
  sees: "len(x) == 14",
  javascript: "event.payload.value",
  looks: "x.length === 14",
};
const EVERY = [ALL_OF_JSON, ...RICH, ...ONLY_JAVASCRIPT, ...ONLY_PYTHON];
const AS_JSON = "its local engine gives a status's output as JSON does";
const NO_FIELDS = "an error's fields are lost on its way to the engine";
const JS_EXCEPTION = "what a step raises comes back as JsException, without its fields";

/** @param {Vector} vector @param {{ python: string, javascript: string }} bodies */
function inBoth({ python, javascript }, bodies) {
  return { ...(python && { python: bodies.python }), ...(javascript && { javascript: bodies.javascript }) };
}

/** @param {Vector} vector */
function paramsOf({ what, value }) {
  return what === ALL_OF_JSON.what ? { params: { value } } : {};
}

/** @type {Scenario[]} */
export default [
  ...EVERY.map((vector) => ({
    name: `values: ${vector.what}, as a child's params, and in its event`,
    ...paramsOf(vector),
    ...inBoth(vector, {
      python: `
      seen = lambda x: ${vector.sees}
      if "parent" in event["payload"]:
          value = event["payload"]["value"]
          parent = await self.env.SELF.get(event["payload"]["parent"])
          await parent.send_event({"type": "got", "payload": {"value": value, "seen": seen(value)}})
          return
      @step.do("create")
      async def create():
          params = {"value": ${vector.python}, "parent": event["instanceId"]}
          await self.env.SELF.create({"id": event["instanceId"] + "-child", "params": params})
      await create()
      got = (await step.wait_for_event("got", "got", timeout="1 hour"))["payload"]
      @step.do("live")
      async def live():
          return seen(got["value"])
      first = await live()
      await step.sleep("nap", "1 hour")
      return {"seen": [got["seen"], first, seen(got["value"])], "value": got["value"]}`,
      javascript: `
      const seen = (x) => ${vector.looks};
      if (event.payload.parent) {
        const { value } = event.payload;
        const parent = await this.env.SELF.get(event.payload.parent);
        await parent.sendEvent({ type: "got", payload: { value, seen: seen(value) } });
        return;
      }
      await step.do("create", async () => {
        const params = { value: ${vector.javascript}, parent: event.instanceId };
        await this.env.SELF.create({ id: event.instanceId + "-child", params });
      });
      const got = (await step.waitForEvent("got", { type: "got", timeout: "1 hour" })).payload;
      const first = await step.do("live", async () => seen(got.value));
      await step.sleep("nap", "1 hour");
      return { seen: [got.seen, first, seen(got.value)], value: got.value };`,
    }),
    expect: { output: { seen: [true, true, true], value: vector.value } },
    ...upstreamDiffers(vector.what),
  })),
  ...EVERY.map((vector) => ({
    name: `values: ${vector.what}, as a child's output`,
    ...paramsOf(vector),
    ...inBoth(vector, {
      python: `
      seen = lambda x: ${vector.sees}
      if event["payload"].get("child"):
          return ${vector.python}
      @step.do("create")
      async def create():
          params = {**event["payload"], "child": True}
          return (await self.env.SELF.create({"id": event["instanceId"] + "-child", "params": params})).id
      child = await create()
      await step.sleep("let it end", "1 hour")
      found = (await (await self.env.SELF.get(child)).status())["output"]
      return {"seen": seen(found), "output": found}`,
      javascript: `
      const seen = (x) => ${vector.looks};
      if (event.payload.child) return ${vector.javascript};
      const child = await step.do("create", async () => {
        const params = { ...event.payload, child: true };
        return (await this.env.SELF.create({ id: event.instanceId + "-child", params })).id;
      });
      await step.sleep("let it end", "1 hour");
      const found = (await (await this.env.SELF.get(child)).status()).output;
      return { seen: seen(found), output: found };`,
    }),
    expect: { output: { seen: true, output: vector.value } },
    differs: {
      ...upstreamDiffers(vector.what).differs,
      ...(vector === ALL_OF_JSON ? {} : { cloudflare: AS_JSON }),
    },
  })),
  ...EVERY.map((vector) => ({
    name: `values: ${vector.what}, as a field of an error`,
    ...paramsOf(vector),
    ...inBoth(vector, {
      python: `
      seen = lambda x: ${vector.sees}
      @step.do("a", config=${NO_RETRY})
      async def a():
          raise Carrying("no", ${vector.python})
      try:
          await a()
      except Carrying as error:
          found = error.value
      @step.do("live", config=${NO_RETRY})
      async def live():
          return seen(found)
      first = await live()
      await step.sleep("nap", "1 hour")
      return {"seen": [first, seen(found)], "value": found}`,
      javascript: `
      const seen = (x) => ${vector.looks};
      let found;
      try {
        await step.do("a", ${NO_RETRY}, async () => {
          throw new Carrying("no", ${vector.javascript});
        });
      } catch (error) {
        if (error instanceof Carrying) found = error.value;
      }
      const first = await step.do("live", ${NO_RETRY}, async () => seen(found));
      await step.sleep("nap", "1 hour");
      return { seen: [first, seen(found)], value: found };`,
    }),
    expect: { output: { seen: [true, true], value: vector.value } },
    differs: { cloudflare: NO_FIELDS, "python-upstream-sdk": JS_EXCEPTION },
  })),
];
