import { setTimeout as wait } from "node:timers/promises";
import { WorkflowEntrypoint } from "cloudflare:workers";

/** What each clock of JavaScript says, in a step and between steps, before and after it waits there. */
export class JsClocks extends WorkflowEntrypoint {
  async run(event, step) {
    const inStep = await step.do("in a step", () => measured());
    return { step: inStep, run: await measured() };
  }
}

async function measured() {
  const before = { now: Date.now(), date: +new Date(), steady: performance.now() };
  await new Promise((resolve) => setTimeout(resolve, 100_000));
  await wait(200_000);
  return {
    year: new Date().getFullYear(),
    text: typeof Date(),
    now: Math.round((Date.now() - before.now) / 1000),
    date: Math.round((+new Date() - before.date) / 1000),
    steady: Math.round((performance.now() - before.steady) / 1000),
  };
}
