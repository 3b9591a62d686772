import { WorkflowEntrypoint } from "cloudflare:workers";

/** Values at the edges of what JSON has, from params to output. */
export class Numbers extends WorkflowEntrypoint {
  async run(event, step) {
    const given = event.payload;
    const kept = await step.do("keep", async () => given);
    const made = await step.do("make", async () => ({
      big: 2n ** 53n + 1n,
      huge: 123456789012345678901234567890n,
      whole: 1,
      nan: NaN,
    }));
    const types = Object.values(kept).map((value) => typeof value);
    const same = Object.entries(kept).map(([key, value]) => Object.is(value, made[key]));
    return { given, kept, made, types, same };
  }
}

/** Half of a pair in all that a workflow can say. */
export class Surrogates extends WorkflowEntrypoint {
  async run(event, step) {
    console.log("printed \udc00");
    const once = { retries: { limit: 0, delay: 0 } };
    const caught = await step
      .do("name \ud800", once, async () => {
        throw new RangeError("step \ud800");
      })
      .catch((error) => error.message);
    const kept = await step.do("keep", async () => ({ "key \ud800": "value \udc00" }));
    return { caught, kept, same: kept["key \ud800"] === "value \udc00" };
  }
}

export class Failing extends WorkflowEntrypoint {
  async run() {
    throw new RangeError("run \ud800");
  }
}
