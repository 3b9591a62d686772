/** A workflow with steps whose nodes `steps_of_nodes.json` tells, for both languages. */

import { readFileSync } from "node:fs";

export const SOURCE = `
import { WorkflowEntrypoint } from "cloudflare:workers";
export class Flow extends WorkflowEntrypoint {
  async run({ payload }, step) {
    const helper = async () => { await step.do("inner", async () => 1); };
    await step.do("twin", async () => 1);
    await step.do("twin", async () => 2);
    await step.do(\`page \${payload}\`, async () => 1);
    await step.do("page one", async () => 1);
    for (let i = 0; i < payload; i++) await step.do("again", async () => 1);
    await step.do("report", async () => 1);
    await helper();
    await helper();
    if (payload) await step.sleep("nap", 1);
    try { await step.waitForEvent("answer", { type: "answered" }); } finally { console.log(1); }
  }
}`;

/** @type {{ claim: string, name: string, count: number, kind: any, path: (string | number)[] | null }[]} */
export const CASES = JSON.parse(readFileSync(new URL("steps_of_nodes.json", import.meta.url), "utf8"));
