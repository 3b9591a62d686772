import { WorkflowEntrypoint } from "cloudflare:workers";

const cache = new Map();

/** Two steps side by side, one that recovers, a sleep and an event. */
export class Sound extends WorkflowEntrypoint {
  async run(event, step) {
    const paying = { retries: { limit: 3, delay: "1 minute" } };
    const paid = await step.do("charge", paying, async ({ attempt }) => {
      if (attempt === 1) throw new Error("no answer");
      return "paid";
    });
    await step.sleep("pack", "2 hours");
    const { payload } = await step.waitForEvent("confirmation", { type: "confirmed" });
    const sent = await Promise.all([step.do("receipt", async () => "sent"), step.do("courier", async () => "booked")]);
    return [event.payload.count, paid, ...sent, payload, crypto.randomUUID()];
  }
}

/** Keeps what a step has found in a variable of its module. */
export class InMemory extends WorkflowEntrypoint {
  async run(_event, step) {
    await step.do("find", async () => void cache.set("found", 42));
    await step.sleep("nap", "1 hour");
    return cache.get("found") ?? null;
  }
}

/** The result is the slowest one's. */
export class LastWins extends WorkflowEntrypoint {
  async run(_event, step) {
    let last = "";
    const names = ["a", "b", "c"];
    await Promise.all(names.map(async (name) => (last = await step.do(name, async () => name))));
    return last;
  }
}

/** What a step draws decides which step comes next. */
export class Triage extends WorkflowEntrypoint {
  async run(_event, step) {
    const score = await step.do("score", async () => await this.env.CHANCE.draw());
    if (score < 0.2) return await step.do("reject", async () => "rejected");
    return "accepted";
  }
}
