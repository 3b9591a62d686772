import { WorkflowEntrypoint } from "cloudflare:workers";

export class Moderator extends WorkflowEntrypoint {
  async run(event, step) {
    await step.sleep("settle", "10 seconds");
    const score = await step.do("score", async () => this.env.MODEL.score(event.payload.text));
    if (score < 50) return await step.do("publish", async () => ({ status: "published" }));
    const decision = await step.waitForEvent("review", { type: "decision", timeout: "1 day" });
    return { status: decision.payload.verdict };
  }
}

export default {
  async fetch(request, env) {
    const { id } = await env.MODERATOR.create({ params: await request.json() });
    return Response.json({ id }, { status: 201 });
  },
  async scheduled(controller, env) {
    await env.MODERATOR.create({ id: "from-schedule", params: { text: controller.cron } });
  },
  async queue(batch, env) {
    for (const message of batch.messages) {
      await env.MODERATOR.create({ id: message.id, params: message.body });
      message.ack();
    }
  },
};

let runs = 0;

/** Calls another step each time when it runs. */
export class Unsteady extends WorkflowEntrypoint {
  async run(_event, step) {
    runs += 1;
    return await step.do(`run ${runs}`, async () => runs);
  }
}

export class Reader extends WorkflowEntrypoint {
  async run(_event, step) {
    const page = await step.do("fetch page", async () => new Blob(["the real page"]).stream());
    await step.sleep("nap", "1 hour");
    return await new Response(page).text();
  }
}
