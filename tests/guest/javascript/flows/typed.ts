import { WorkflowEntrypoint, WorkflowEvent, WorkflowStep } from "cloudflare:workers";

interface Params {
  n: number;
}

export class Typed extends WorkflowEntrypoint<unknown, Params> {
  async run(event: WorkflowEvent<Params>, step: WorkflowStep): Promise<number> {
    return await step.do("double", async () => event.payload.n * 2);
  }
}
