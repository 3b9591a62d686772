import { WorkflowEntrypoint } from "cloudflare:workers";

const cyclic = [];
cyclic.push(cyclic);
let deep = [];
for (let depth = 0; depth < 5_000; depth++) deep = [deep];
let told = 0;
/** What makes no text of itself, by name. */
const BAD = {
  cyclic,
  deep,
  bigint: 10n,
  symbol: Symbol("one"),
  function: () => 1,
  "toJSON that throws": {
    toJSON() {
      throw new Error("no");
    },
  },
  "toJSON that throws what is no error": {
    toJSON() {
      // oxlint-disable-next-line typescript/only-throw-error -- people do
      throw null;
    },
  },
  "toJSON that throws the second time": {
    toJSON() {
      if (told++ % 2 === 1) throw new Error("not twice");
      return { not: "a text" };
    },
  },
  "getter that throws": {
    get id() {
      throw new Error("no");
    },
  },
};

const CALLS = {
  get: ({ env }, it) => env.HEALTHY.get(it),
  create: ({ env }, it) => env.HEALTHY.create({ id: it }),
  "options of create": ({ env }, it) => env.HEALTHY.create({ id: it, ...it, retention: it }),
  createBatch: ({ env }, it) => env.HEALTHY.createBatch([{ id: it }]),
  "createBatch of a count": ({ env }, it) => env.HEALTHY.createBatch({ count: it }),
  deleteBatch: ({ env }, it) => env.HEALTHY.deleteBatch([it, it]),
  restart: ({ other }, it) => other.restart({ from: { name: it } }),
  sendEvent: ({ other }, it) => other.sendEvent({ type: it, payload: 1 }),
  "name of do": ({ step }, it) => step.do(it, async () => 1),
  config: ({ step }, it) => step.do("configured", { timeout: it, retries: it }, async () => 1),
  "name of sleep": ({ step }, it) => step.sleep(it, 1),
  duration: ({ step }, it) => step.sleep("nap", it),
  sleepUntil: ({ step }, it) => step.sleepUntil("until", it),
  "name of waitForEvent": ({ step }, it) => step.waitForEvent(it, { type: "go" }),
  "type of waitForEvent": ({ step }, it) => step.waitForEvent("wait", { type: it }),
  timeout: ({ step }, it) => step.waitForEvent("patience", { type: "go", timeout: it }),
};

export class Healthy extends WorkflowEntrypoint {
  async run(event, step) {
    let sum = 0;
    for (let n = 0; n < 20; n++) sum += await step.do(`s${n}`, async () => 1);
    return sum;
  }
}

/** Calls with what no message can hold. Gives those that have been taken. */
export class Unsendable extends WorkflowEntrypoint {
  async run(event, step) {
    const { env } = this;
    const other = await env.HEALTHY.create();
    const taken = [];
    for (const [kind, value] of Object.entries(BAD)) {
      for (const [name, call] of Object.entries(CALLS)) {
        try {
          await call({ env, step, other }, value);
          taken.push(`${name}: ${kind}`);
        } catch {}
      }
    }
    return taken;
  }
}
