/** The twins of `attempts.py`. */

import { WorkflowEntrypoint } from "cloudflare:workers";
import { NonRetryableError } from "cloudflare:workflows";

class Steps {
  constructor(step, event) {
    this.step = step;
    this.event = event;
  }

  get work() {
    return this.step.do("work", async () => {
      if (this.event.payload.flag) throw new NonRetryableError("no use");
    });
  }

  get repair() {
    return this.step.do("repair", async () => 1);
  }

  get cleanUp() {
    return this.step.do("clean up", async () => 1);
  }
}

export class Except extends WorkflowEntrypoint {
  async run(event, step) {
    const steps = new Steps(step, event);
    try {
      await steps.work;
    } catch {
      await steps.repair;
    }
  }
}

export class Finally extends WorkflowEntrypoint {
  async run(event, step) {
    const steps = new Steps(step, event);
    try {
      await steps.work;
    } finally {
      await steps.cleanUp;
    }
  }
}

export class All extends WorkflowEntrypoint {
  async run(event, step) {
    const steps = new Steps(step, event);
    try {
      await steps.work;
    } catch {
      await steps.repair;
    } finally {
      await steps.cleanUp;
    }
  }
}

export class Reraise extends WorkflowEntrypoint {
  async run(event, step) {
    const steps = new Steps(step, event);
    try {
      await steps.work;
    } catch (error) {
      await steps.repair;
      throw error;
    }
    await steps.cleanUp;
  }
}

export class Late extends WorkflowEntrypoint {
  async run(event, step) {
    await step
      .waitForEvent("approval", { type: "approved", timeout: "1 minute" })
      .catch(() => step.do("remind", async () => 1));
  }
}

export class Suppressed extends WorkflowEntrypoint {
  async run(event, step) {
    const steps = new Steps(step, event);
    try {
      await steps.work;
    } catch {
      // As in Python.
    }
    await steps.repair;
  }
}
