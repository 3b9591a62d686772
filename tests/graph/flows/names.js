/** The twins of `names.py`. */

import { WorkflowEntrypoint } from "cloudflare:workers";

const PREFIX = "import";
const SUFFIX = "of the day";

export class Formatted extends WorkflowEntrypoint {
  async run(event, step) {
    for (let number = 0; number < event.payload.n; number++)
      await step.do(`page ${number} of ${event.payload.n}`, async () => number);
  }
}

export class Variable extends WorkflowEntrypoint {
  async run(event, step) {
    const name = event.payload.kind;
    await step.do(name, async () => name);
  }
}

export class Constant extends WorkflowEntrypoint {
  async run(event, step) {
    await step.do(`${PREFIX} ${SUFFIX}`, async () => 1);
  }
}

export class Changing extends WorkflowEntrypoint {
  async run(event, step) {
    let name = "first";
    for (let number = 0; number < event.payload.n; number++) {
      await step.do(name, async () => 1);
      name = "further";
    }
  }
}

export class Joined extends WorkflowEntrypoint {
  async run(event, step) {
    const { kind } = event.payload;
    await step.do("kind " + kind, async () => kind);
  }
}

export class SameName extends WorkflowEntrypoint {
  async run(event, step) {
    await step.do("twin", async () => 1);
    await step.do("twin", async () => 2);
  }
}
