import { setTimeout as sleep } from "node:timers/promises";
import { env, waitUntil, WorkerEntrypoint } from "cloudflare:workers";

const seen = [];

export class OutOfStockError extends Error {}

export default class extends WorkerEntrypoint {
  async fetch(request) {
    return await ROUTES[new URL(request.url).pathname](this, request);
  }

  scheduled(controller) {
    seen.push([controller.cron, controller.scheduledTime, this.env.NAME, typeof this.ctx.waitUntil === "function"]);
    if (controller.cron === "1 1 1 1 1") controller.noRetry();
  }

  queue(batch) {
    seen.push([batch.queue, batch.messages.map(({ id, body, attempts }) => [id, body, attempts])]);
    const [first, second] = batch.messages;
    first.ack();
    if (batch.messages.at(-1).body === "raise") throw new Error("no more");
    second.retry({ delaySeconds: 5 });
    batch.retryAll();
  }

  describe(value) {
    return { type: value.constructor.name, value, props: this.ctx.props };
  }

  fail() {
    throw new OutOfStockError("none left");
  }
}

const ROUTES = {
  "/seen": () => Response.json(seen),
  "/later": ({ ctx }) => {
    const work = async (name) => {
      await sleep(1);
      seen.push(name);
      // oxlint-disable-next-line no-console -- it is what is tested
      console.log("later", name);
    };
    ctx.waitUntil(work("by ctx"));
    waitUntil(work("by the module"));
    return new Response("at once");
  },
  "/service": async ({ env: { OTHER } }) => {
    const described = await OTHER.describe({ list: [1, null, "x"] });
    const response = await OTHER.fetch("http://other/seen", {
      method: "POST",
      body: "body",
      headers: { "x-one": "1" },
    });
    const failed = await OTHER.fail().catch((error) => `${error.constructor.name}: ${error.message}`);
    const data = await OTHER.describe(new Uint8Array([0, 1]));
    return Response.json([described, response.status, await response.text(), failed, data.type]);
  },
  "/export": async ({ ctx: { exports } }) =>
    Response.json([await exports.Named.name(), await exports.Named({ props: { who: "me" } }).name()]),
  "/workflow": async (worker) => {
    const instance = await worker.env.FLOW.create({ id: "one", params: { n: 1 } });
    return Response.json([instance.id, await (await env.FLOW.get("one")).status()]);
  },
  "/refused": async (worker) => await worker.env.AI.run("model"),
  "/hang": async (_worker, { signal }) => {
    signal.addEventListener("abort", () => seen.push("cancelled"));
    await new Promise(() => {});
  },
  "/spin": () => {
    for (;;);
  },
  "/endless": () =>
    new Response(
      new ReadableStream({
        pull(controller) {
          seen.push("pulled");
          controller.enqueue(new Uint8Array(64 * 1024));
        },
      }),
    ),
};

export class Named extends WorkerEntrypoint {
  name() {
    return `named ${this.ctx.props.who ?? "nobody"}`;
  }
}
