/** The twins of `settings.py`. */

import { WorkflowEntrypoint } from "cloudflare:workers";
import { NonRetryableError } from "cloudflare:workflows";

const PATIENT = { retries: { limit: 3, delay: "2 seconds", backoff: "linear" }, timeout: "5 minutes" };

export class Retries extends WorkflowEntrypoint {
  async run(event, step) {
    const config = { retries: { limit: 2, delay: 10, backoff: "constant" }, timeout: "1 minute" };
    await step.do("flaky", config, async (ctx) => {
      if (ctx.attempt === 1 && event.payload.flag) throw new Error("once");
    });
  }
}

export class Shared extends WorkflowEntrypoint {
  async run(event, step) {
    await step.do("patient", PATIENT, async () => 1);
    await step.do("less patient", { ...PATIENT, timeout: 1000 }, async () => 1);
  }
}

export class Undone extends WorkflowEntrypoint {
  async run(event, step) {
    const undo = async () => {};
    await step.do("book", async () => 1, { rollback: undo });
    await step.do("pay", async () => {
      if (event.payload.flag) throw new NonRetryableError("no money");
    });
  }
}

export class Child extends WorkflowEntrypoint {
  async run(event, step) {
    await step.do("start child", async () => {
      if (event.payload.child) await this.env.CHILD.create({ params: 1 });
    });
  }
}
