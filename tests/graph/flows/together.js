/** The twins of `together.py`. */

import { WorkflowEntrypoint } from "cloudflare:workers";

const named = (step, name) => step.do(name, async () => name);
const numbers = (count) => Array.from({ length: count }, (_, index) => index);

export class Gather extends WorkflowEntrypoint {
  async run(event, step) {
    await Promise.all([named(step, "left"), named(step, "right")]);
    await named(step, "after");
  }
}

export class Fan extends WorkflowEntrypoint {
  async run(event, step) {
    const read = (number) => step.do(`read ${number}`, async () => number);
    await Promise.all(numbers(event.payload.n).map(read));
  }
}

export class FanFromList extends WorkflowEntrypoint {
  async run(event, step) {
    await Promise.all(numbers(event.payload.n).map(() => step.do("part", async () => 1)));
  }
}

export class Settled extends WorkflowEntrypoint {
  async run(event, step) {
    await Promise.allSettled([named(step, "left"), named(step, "right")]);
  }
}

export class Group extends WorkflowEntrypoint {
  async run(event, step) {
    const left = named(step, "left");
    const right = named(step, "right");
    await Promise.all([left, right]);
    await named(step, "after");
  }
}

export class GroupOfMany extends WorkflowEntrypoint {
  async run(event, step) {
    const parts = [];
    for (const _ of numbers(event.payload.n)) parts.push(step.do("part", async () => 1));
    await Promise.all(parts);
  }
}

export class Started extends WorkflowEntrypoint {
  async run(event, step) {
    const early = named(step, "early");
    await named(step, "between");
    await early;
    await named(step, "after");
  }
}

export class Overlapping extends WorkflowEntrypoint {
  async run(event, step) {
    const first = named(step, "first");
    const second = named(step, "second");
    await first;
    const third = named(step, "third");
    await second;
    await third;
  }
}

export class FirstOf extends WorkflowEntrypoint {
  async run(event, step) {
    await Promise.race([named(step, "left"), named(step, "right")]);
  }
}

export class Completed extends WorkflowEntrypoint {
  async run(event, step) {
    const both = [named(step, "left"), named(step, "right")];
    for (const _ of await Promise.all(both)) await named(step, "count");
  }
}

export class Timer extends WorkflowEntrypoint {
  async run(event, step) {
    const nap = step.sleep("nap", "10 seconds");
    await named(step, "beside");
    await nap;
  }
}

export class Paths extends WorkflowEntrypoint {
  async run(event, step) {
    const long_path = async () => {
      await named(step, "long 1");
      await named(step, "long 2");
    };
    const short_path = async () => {
      await named(step, "short");
    };
    await Promise.all([long_path(), short_path()]);
  }
}
