/** The twins of `functions.py`. */

import { WorkflowEntrypoint } from "cloudflare:workers";
import { Mailer, announce } from "./helpers.js";

async function prepare(step) {
  await step.do("prepare", async () => 1);
}

async function notify(step, who) {
  await step.do(`notify ${who}`, async () => who);
}

async function countdown(step, number) {
  await step.do("count", async () => number);
  if (number > 0) await countdown(step, number - 1);
}

async function twice(work) {
  await work();
  await work();
}

export class OfModule extends WorkflowEntrypoint {
  async run(event, step) {
    await prepare(step);
  }
}

export class OfAnotherModule extends WorkflowEntrypoint {
  async run(event, step) {
    await announce(step, "begin");
    await announce(step, "end");
  }
}

export class Inside extends WorkflowEntrypoint {
  async run(event, step) {
    const work = async () => {
      await step.do("work", async () => 1);
    };
    await work();
    await work();
  }
}

export class OfClass extends WorkflowEntrypoint {
  async run(event, step) {
    await this.begin(step);
    await this.end(step);
  }

  async begin(step) {
    await step.do("begin", async () => 1);
  }

  async end(step) {
    await step.do("end", async () => 1);
  }
}

export class OwnStep extends WorkflowEntrypoint {
  async run(event, step) {
    this.step = step;
    await this.work();
  }

  async work() {
    await this.step.do("work", async () => 1);
  }
}

export class Named extends WorkflowEntrypoint {
  async run(event, step) {
    await notify(step, "ada");
    await notify(step, "grace");
  }
}

export class Recursive extends WorkflowEntrypoint {
  async run(event, step) {
    await countdown(step, event.payload.n);
  }
}

export class Handed extends WorkflowEntrypoint {
  async run(event, step) {
    await twice(() => step.do("work", async () => 1));
  }
}

export class Base extends WorkflowEntrypoint {
  async run(event, step) {
    await step.do("before", async () => 1);
    await this.work(step);
  }

  async work(step) {}
}

export class Derived extends Base {
  async work(step) {
    await step.do("derived work", async () => 1);
  }
}

export class Dispatched extends WorkflowEntrypoint {
  async run(event, step) {
    const handlers = { a: () => this.on_a(step), b: () => this.on_b(step), c: () => this.on_a(step) };
    await handlers[event.payload.kind]();
  }

  async on_a(step) {
    await step.do("on a", async () => 1);
  }

  async on_b(step) {
    await step.do("on b", async () => 1);
  }
}

export class OfObject extends WorkflowEntrypoint {
  async run(event, step) {
    const mailer = new Mailer(step);
    await mailer.send("hello");
  }
}

export class Extended extends OfModule {
  async run(event, step) {
    await super.run(event, step);
    await announce(step, "extended");
  }
}
