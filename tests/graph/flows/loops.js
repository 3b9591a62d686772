/** The twins of `loops.py`. */

import { WorkflowEntrypoint } from "cloudflare:workers";

export class For extends WorkflowEntrypoint {
  async run(event, step) {
    for (let number = 0; number < event.payload.n; number++) await step.do("part", async () => number);
  }
}

export class While extends WorkflowEntrypoint {
  async run(event, step) {
    let done = 0;
    while (done < event.payload.n) done += await step.do("more", async () => 1);
  }
}

export class Until extends WorkflowEntrypoint {
  async run(event, step) {
    let rounds = 0;
    while (true) {
      if (await step.do("poll", async () => rounds >= event.payload.n)) break;
      rounds += 1;
      await step.sleep("pause", "1 second");
    }
    await step.do("report", async () => rounds);
  }
}

export class Comprehension extends WorkflowEntrypoint {
  async run(event, step) {
    const part = async (number) => await step.do("part", async () => number);
    const parts = [];
    for (let number = 0; number < event.payload.n; number++) parts.push(await part(number));
    return parts;
  }
}

export class Nested extends WorkflowEntrypoint {
  async run(event, step) {
    for (let row = 0; row < event.payload.n; row++) {
      await step.do("row", async () => 1);
      for (let cell = 0; cell < 2; cell++) await step.do("cell", async () => 1);
    }
  }
}

export class Skipping extends WorkflowEntrypoint {
  async run(event, step) {
    for (let number = 0; number < event.payload.n; number++) {
      if (number === 1) continue;
      await step.do("look", async () => event.payload.flag);
      if (event.payload.flag) {
        await step.sleep("skipped", 10);
        continue;
      }
      await step.do("work", async () => 1);
    }
  }
}

export class AsyncFor extends WorkflowEntrypoint {
  async run(event, step) {
    async function* numbers() {
      for (let number = 0; number < event.payload.n; number++) yield await step.do("fetch page", async () => number);
    }

    for await (const _ of numbers()) await step.do("store page", async () => 1);
  }
}

export class Leaves extends WorkflowEntrypoint {
  async run(event, step) {
    for (let number = 0; number < 3; number++) {
      await step.do("try it", async () => 1);
      if (number === event.payload.n) return number;
    }
    await step.do("give up", async () => 1);
  }
}
