import { WorkflowEntrypoint } from "cloudflare:workers";

const told = [];

/** A step that is given up, and what it is told. */
export class Slow extends WorkflowEntrypoint {
  async run(event, step) {
    await step.do("slow", async ({ signal }) => {
      console.log("begun");
      signal.addEventListener("abort", () => console.log("listened"));
      try {
        await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      } catch (reason) {
        told.push(reason.message);
        console.log(reason.message);
        throw reason;
      } finally {
        told.push("finally");
        console.log("finally");
      }
    });
  }
}

/** What steps of this thread have been told. */
export class Told extends WorkflowEntrypoint {
  async run() {
    return told;
  }
}
