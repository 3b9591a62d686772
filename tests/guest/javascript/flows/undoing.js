import { WorkflowEntrypoint } from "cloudflare:workers";

export class Misconfigured extends WorkflowEntrypoint {
  /** @param {any} _ @param {any} step */
  async run(_, step) {
    const rollbackConfig = { timout: 1 };
    await step.do("a", async () => console.log("the callback runs"), { rollback: async () => {}, rollbackConfig });
  }
}

export class Undoing extends WorkflowEntrypoint {
  /** @param {any} event @param {any} step */
  async run(event, step) {
    /** @type {unknown[]} */
    const asked = [];
    /** @param {any} input */
    const delay = ({ ctx, error }) => {
      asked.push([ctx.attempt, error.message]);
      return 1;
    };
    const retries = { limit: 1, delay };
    const first = await step.do(
      "first",
      { retries },
      /** @param {any} ctx */
      async (ctx) => {
        if (ctx.attempt === 1) throw new Error("no");
        return asked;
      },
      {
        /** @param {any} input */
        rollback: async ({ ctx, error, output, stepName }) => {
          console.log(ctx.step.name, error.message, output, stepName);
        },
        rollbackConfig: { timeout: "1 minute" },
      },
    );
    if (event.payload.fail) throw new Error("boom");
    return first;
  }
}
