/** The workflows of `flows.py` in JavaScript. */

import { closeSync, fsyncSync, openSync, writeSync } from "node:fs";
import { WorkflowEntrypoint } from "cloudflare:workers";

const ONCE = { retries: { limit: 0, delay: 0 } };
const PATIENT = { retries: { limit: 1000, delay: 5, backoff: "constant" } };

/** Notes, outside of what a crash can take along, that a callback has begun. */
function ledgerOf(event) {
  return async (step, attempt = 0) => {
    append(event.payload.ledger, `${event.instanceId} ${step} ${attempt}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  };
}

/** Add a line at the end, and wait until the disk has it. */
function append(file, line) {
  const descriptor = openSync(file, "a");
  try {
    writeSync(descriptor, `${line}\n`);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

export class SequenceFlow extends WorkflowEntrypoint {
  async run(event, step) {
    const note = ledgerOf(event);
    let total = 0;
    for (let number = 0; number < 10; number++) {
      total += await step.do(`add-${number}`, PATIENT, async ({ attempt }) => {
        await note(`add-${number}`, attempt);
        if (attempt === 1) throw new RangeError("the first attempt fails");
        return number;
      });
    }
    return total;
  }
}

export class SleepFlow extends WorkflowEntrypoint {
  async run(event, step) {
    const note = ledgerOf(event);
    const seen = [];
    for (let number = 0; number < 3; number++) {
      const mark = await step.do("mark", PATIENT, async (context) => {
        await note(`mark-${context.step.count}`, context.attempt);
        return context.step.count;
      });
      seen.push(mark);
      await step.sleep(`nap-${number}`, 150);
    }
    return seen;
  }
}

export class EventFlow extends WorkflowEntrypoint {
  async run(event, step) {
    const note = ledgerOf(event);
    const got = [];
    for (let count = 1; count <= 2; count++) {
      const { payload } = await step.waitForEvent("wait", { type: "go", timeout: "1 hour" });
      const taken = await step.do("take", PATIENT, async ({ attempt }) => {
        await note(`take-${count}`, attempt);
        return payload.number;
      });
      got.push(taken);
    }
    return got;
  }
}

export class DagFlow extends WorkflowEntrypoint {
  async run(event, step) {
    const note = ledgerOf(event);
    const work = (name, value) =>
      step.do(name, PATIENT, async ({ attempt }) => {
        await note(name, attempt);
        return value;
      });
    const root = (await work("source", 1)) + (await work("root", 1));
    const [left, right] = await Promise.all([work("left", root * 10), work("right", root * 100)]);
    return work("join", left + right);
  }
}

export class FanOutFlow extends WorkflowEntrypoint {
  async run(event, step) {
    const note = ledgerOf(event);
    const parts = Array.from({ length: 20 }, (_, number) =>
      step.do(`part-${number}`, PATIENT, async ({ attempt }) => {
        await note(`part-${number}`, attempt);
        return number;
      }),
    );
    return (await Promise.all(parts)).reduce((sum, part) => sum + part, 0);
  }
}

export class OnceFlow extends WorkflowEntrypoint {
  async run(event, step) {
    const note = ledgerOf(event);
    const outcomes = [];
    for (let number = 0; number < 6; number++) {
      try {
        const done = await step.do(`once-${number}`, ONCE, async ({ attempt }) => {
          await note(`once-${number}`, attempt);
          return "done";
        });
        outcomes.push(done);
      } catch (error) {
        outcomes.push(error.name);
      }
    }
    return outcomes;
  }
}
