/** The twins of `branches.py`. */

import { WorkflowEntrypoint } from "cloudflare:workers";

const named = (step, name) => step.do(name, async () => name);

export class IfElse extends WorkflowEntrypoint {
  async run(event, step) {
    if (event.payload.flag) await named(step, "yes");
    else await named(step, "no");
  }
}

export class Elif extends WorkflowEntrypoint {
  async run(event, step) {
    const { kind } = event.payload;
    if (kind === "a") await named(step, "first");
    else if (kind === "b") await named(step, "second");
    else await step.sleep("neither", "1 second");
  }
}

export class Match extends WorkflowEntrypoint {
  async run(event, step) {
    switch (event.payload.kind) {
      case "a":
        await named(step, "first");
        break;
      case "b": {
        await named(step, "second");
        break;
      }
      default:
        await named(step, "other");
    }
  }
}

export class Conditional extends WorkflowEntrypoint {
  async run(event, step) {
    return event.payload.flag ? await named(step, "fast") : await named(step, "slow");
  }
}

export class ShortCircuit extends WorkflowEntrypoint {
  async run(event, step) {
    return event.payload.flag && (await named(step, "check")) && (await named(step, "act"));
  }
}

export class EarlyReturn extends WorkflowEntrypoint {
  async run(event, step) {
    await named(step, "look");
    if (!event.payload.flag) return "nothing to do";
    await named(step, "work");
  }
}

export class EarlyRaise extends WorkflowEntrypoint {
  async run(event, step) {
    await named(step, "look");
    if (event.payload.flag) throw new RangeError("not today");
    await named(step, "work");
  }
}

export class Condition extends WorkflowEntrypoint {
  async run(event, step) {
    if (!(await named(step, "look"))) return;
    else if (await named(step, "look again")) await named(step, "work");
  }
}
