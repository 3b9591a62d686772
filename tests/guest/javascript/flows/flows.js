import { WorkflowEntrypoint, env } from "cloudflare:workers";
import { NonRetryableError } from "cloudflare:workflows";
import { double } from "./helper";

export class Echo extends WorkflowEntrypoint {
  async run(event, step) {
    return await step.do("echo", async () => event.payload);
  }
}

export class Surroundings extends WorkflowEntrypoint {
  async run(event) {
    const { timestamp, instanceId, workflowName } = event;
    return { timestamp, instanceId, workflowName, own: this.env.NAME, imported: env.NAME, doubled: double(2) };
  }
}

export class Attempts extends WorkflowEntrypoint {
  async run(event, step) {
    return await step.do("flaky", { retries: { limit: 5, delay: 1 } }, async (ctx) => {
      if (ctx.attempt < 3) throw new RangeError(`attempt ${ctx.attempt}`);
      return { attempt: ctx.attempt, step: ctx.step, limit: ctx.config.retries.limit };
    });
  }
}

export class Once extends WorkflowEntrypoint {
  async run(event, step) {
    return await step.do("once", { retries: { limit: 0, delay: 1 } }, async () => "ran");
  }
}

export class Stops extends WorkflowEntrypoint {
  async run(event, step) {
    await step.do("stop", async () => {
      throw new NonRetryableError("no use\nat all");
    });
  }
}

export class Declined extends Error {}

export class SameClass extends WorkflowEntrypoint {
  async run(event, step) {
    const thrown = Object.assign(new Declined("mine"), { code: 7 });
    try {
      await step.do("fail", { retries: { limit: 0, delay: 1 } }, async () => {
        throw thrown;
      });
    } catch (error) {
      return [error !== thrown, error instanceof Declined, error.code, error.stack === thrown.stack];
    }
  }
}

export class Fan extends WorkflowEntrypoint {
  async run(event, step) {
    return await Promise.all(
      Array.from({ length: event.payload }, (_, i) => step.do("part", async (ctx) => [i, ctx.step.count])),
    );
  }
}

export class Prints extends WorkflowEntrypoint {
  async run(event, step) {
    console.log("in run", { a: 1 });
    await step.do("talk", async () => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      console.warn("in step");
    });
    process.stdout.write("written\n");
  }
}

export class Refused extends WorkflowEntrypoint {
  async run(event, step) {
    return await step.do("odd", async () => ({ items: [1, { when: /x/ }] }));
  }
}

export class Sleeps extends WorkflowEntrypoint {
  async run(event, step) {
    await step.sleep("nap", "3 days");
  }
}

export class Own extends WorkflowEntrypoint {
  async run(event, step) {
    const nap = step.sleep("nap", "3 days");
    const own = await Promise.race([nap, new Promise((resolve) => setTimeout(resolve, 60, "own"))]);
    await nap;
    return own;
  }
}

/** Waits for a moment in a way that the thread cannot see, after a call that waits and before another. */
export class Unseen extends WorkflowEntrypoint {
  async run(event, step) {
    const nap = step.sleep("nap", "3 days");
    await Atomics.waitAsync(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50).value;
    await step.sleep("second nap", "3 days");
    await nap;
  }
}

export class Spins extends WorkflowEntrypoint {
  async run(event, step) {
    await step.do("spin", { retries: { limit: 1, delay: 1 }, timeout: 100 }, async () => {
      console.log("spinning");
      await new Promise((resolve) => setTimeout(resolve, 20));
      for (;;);
    });
  }
}

export class Hangs extends WorkflowEntrypoint {
  async run(event, step) {
    await step.do("hang", { retries: { limit: 1, delay: 1 }, timeout: 100 }, () => new Promise(() => {}));
  }
}

export class Computes extends WorkflowEntrypoint {
  async run({ payload }, step) {
    return await step.do("compute", { retries: { limit: 0, delay: 1 } }, async () => {
      const end = performance.now() + payload;
      while (performance.now() < end);
      return "computed";
    });
  }
}

export class Exits extends WorkflowEntrypoint {
  async run(event, step) {
    await step.do("leave", { retries: { limit: 0, delay: 1 } }, async () => process.exit(1));
  }
}

export class Strays extends WorkflowEntrypoint {
  async run(event, step) {
    void Promise.reject(new Error("nobody looks"));
    await step.do("later", () => new Promise((resolve) => setTimeout(resolve, 5)));
    return "done";
  }
}

export class Forgets extends WorkflowEntrypoint {
  async run(event, step) {
    void step.do("slow", () => new Promise(() => {}));
    void step.sleep("nap", "1 hour");
    await step.do("awaited", async () => 1);
    return "done";
  }
}

export class LocalTime extends WorkflowEntrypoint {
  async run() {
    const noon = new Date(2020, 6, 1, 12);
    return [noon.getTimezoneOffset(), noon.toISOString(), Intl.DateTimeFormat().resolvedOptions().timeZone];
  }
}

/** Calls with what no message can hold, beside a step. */
export class Unpackable extends WorkflowEntrypoint {
  async run(event, step) {
    const cyclic = [];
    cyclic.push(cyclic);
    const said = [];
    const beside = step.do("beside", async () => "fine");
    for (const call of [
      () => this.env.OTHER.get(cyclic),
      () => this.env.OTHER.get(10n),
      () => step.sleep("nap", cyclic),
      () => step.waitForEvent("wait", { type: cyclic }),
      () => step.sleep({ toJSON: () => cyclic }, 1),
      () => step.do("endless", { retries: cyclic }, async () => "fine"),
    ]) {
      try {
        await call();
        said.push("taken");
      } catch (error) {
        said.push(error.message.split("\n")[0]);
      }
    }
    return [said, await beside];
  }
}
