/** What runs inside of workerd: the workflows, and a way to start and ask them from outside. */

import { WorkflowEntrypoint } from "cloudflare:workers";

const LETTERS = "0123456789".repeat(100);
const KINDS = {
  async sequential({ id, steps, ledger }, step, env) {
    for (let i = 0; i < steps; i++) {
      await step.do(`step-${i}`, async () => {
        if (ledger) await env.LEDGER.fetch(`http://ledger/${id}/${i}`);
        return i;
      });
    }
    return true;
  },
  async fanOut({ steps }, step) {
    return (await Promise.all(Array.from({ length: steps }, (_, i) => step.do(`step-${i}`, async () => i)))).length;
  },
  async sleeper({ sleep }, step) {
    await step.sleep("nap", sleep);
    return await step.do("step", async () => 0);
  },
  async large({ steps }, step) {
    let size = 0;
    for (let i = 0; i < steps; i++) {
      size += (await step.do(`step-${i}`, async () => ({ rows: Array(98).fill(LETTERS) }))).rows.length;
    }
    return size;
  },
};

export class Bench extends WorkflowEntrypoint {
  async run(event, step) {
    return await KINDS[event.payload.kind](event.payload, step, this.env);
  }
}

const REQUESTS = {
  async create({ input }, env) {
    await env.WORKFLOW.create({ id: input.id, params: input });
  },
  /** Gives the instances that are not complete when `patience` ms have passed. */
  async ended({ ids, poll, patience }, env) {
    const until = Date.now() + patience;
    for (;;) {
      const left = [];
      for (const id of ids) {
        const { status, error } = await (await env.WORKFLOW.get(id)).status();
        if (status === "errored" || status === "terminated") throw new Error(JSON.stringify(error));
        if (status !== "complete") left.push(id);
      }
      if (left.length === 0 || Date.now() > until) return left;
      ids = left;
      await new Promise((resolve) => void setTimeout(resolve, poll));
    }
  },
  /** After a restart nothing goes on by itself; an event of any type wakes an instance. */
  async wake({ ids }, env) {
    for (const id of ids) await (await env.WORKFLOW.get(id)).sendEvent({ type: "wake", payload: null });
  },
};

export default {
  async fetch(request, env) {
    const body = await request.json();
    try {
      return Response.json({ result: (await REQUESTS[body.request](body, env)) ?? null });
    } catch (error) {
      return Response.json({ error: String(error?.stack ?? error) });
    }
  },
};
