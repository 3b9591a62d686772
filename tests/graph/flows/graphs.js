/** The twins of `graphs.py`: JavaScript says the order by awaiting. */

import { WorkflowEntrypoint } from "cloudflare:workers";

const value = (step, name, given) => step.do(name, async () => given);

export class Depends extends WorkflowEntrypoint {
  async run(event, step) {
    const first = await value(step, "first", 1);
    const second = await value(step, "second", 2);
    return await value(step, "sum", first + second);
  }
}

export class ByName extends WorkflowEntrypoint {
  async run(event, step) {
    const one = await value(step, "one", 1);
    const double = await value(step, "double", one * 2);
    return await value(step, "triple", double * 3);
  }
}

export class Concurrent extends WorkflowEntrypoint {
  async run(event, step) {
    const [a, b] = await Promise.all([value(step, "left", 1), value(step, "right", 2)]);
    return await value(step, "both", a + b);
  }
}

export class Diamond extends WorkflowEntrypoint {
  async run(event, step) {
    const source = await value(step, "source", 1);
    const [a, b] = await Promise.all([value(step, "left", source), value(step, "right", source)]);
    return await value(step, "both", a + b);
  }
}

export class Chains extends WorkflowEntrypoint {
  async run(event, step) {
    const chain = value(step, "a1", 1).then((a) => value(step, "a2", a));
    const [a, b] = await Promise.all([chain, value(step, "b1", 1)]);
    return await value(step, "end", a + b);
  }
}

export class Known extends WorkflowEntrypoint {
  async run(event, step) {
    const shared = await value(step, "shared", 1);
    await value(step, "left", shared);
    await value(step, "right", shared);
    await value(step, "shared", 1);
  }
}
