/** The twins of `waits.py`. */

import { WorkflowEntrypoint } from "cloudflare:workers";

export class Sleep extends WorkflowEntrypoint {
  async run(event, step) {
    await step.sleep("short", 500);
    await step.sleep("long", "3 days");
  }
}

export class SleepLength extends WorkflowEntrypoint {
  async run(event, step) {
    await step.sleep("as long as asked", event.payload.n * 1000);
  }
}

export class SleepUntil extends WorkflowEntrypoint {
  async run(event, step) {
    await step.sleepUntil("tomorrow", new Date(event.timestamp.getTime() + 86_400_000));
  }
}

export class Wait extends WorkflowEntrypoint {
  async run(event, step) {
    try {
      await step.waitForEvent("answer", { type: "answered", timeout: "2 hours" });
    } catch {
      return "no answer";
    }
    await step.do("read", async () => 1);
  }
}

export class WaitFor extends WorkflowEntrypoint {
  async run(event, step) {
    try {
      await step.waitForEvent("answer", { type: event.payload.kind, timeout: "1 minute" });
    } catch {
      await step.sleep("too late", 10);
    }
  }
}

export class Reminders extends WorkflowEntrypoint {
  async run(event, step) {
    for (let number = 0; number < event.payload.n; number++) {
      try {
        await step.waitForEvent("reply", { type: "replied", timeout: "1 day" });
        break;
      } catch {
        await step.do("remind", async () => 1);
      }
    }
  }
}
