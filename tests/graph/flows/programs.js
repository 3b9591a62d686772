/** The twins of `programs.py`. */

import { WorkflowEntrypoint } from "cloudflare:workers";
import { NonRetryableError } from "cloudflare:workflows";

export class Order extends WorkflowEntrypoint {
  async run(event, step) {
    await step.do("reserve", async () => 1);
    try {
      await step.do("charge", async () => {
        if (event.payload.flag) throw new NonRetryableError("declined");
      });
    } catch {
      await step.do("release", async () => 1);
      return "declined";
    }
    await Promise.all([step.do("receipt", async () => 1), step.do("parcel", async () => 1)]);
  }
}

export class Agent extends WorkflowEntrypoint {
  async run(event, step) {
    for (let turn = 0; turn < 5; turn++) {
      if (!(await step.do(`model call ${turn}`, async () => turn < event.payload.n))) break;
      const tools = ["search", "calculate"];
      await Promise.all(tools.map((tool) => step.do(`tool ${tool}`, async () => tool)));
    }
    await step.do("answer", async () => 1);
  }
}

export class Approval extends WorkflowEntrypoint {
  async run(event, step) {
    await step.do("ask", async () => 1);
    let approved = false;
    try {
      await step.waitForEvent("decision", { type: "decided", timeout: "1 day" });
      approved = true;
    } catch {
      await step.sleep("grace", "1 hour");
    }
    if (approved) await step.do("publish", async () => 1);
    else await step.do("discard", async () => 1);
  }
}
