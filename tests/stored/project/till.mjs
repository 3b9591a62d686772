import { WorkflowEntrypoint } from "cloudflare:workers";

/** A workflow in JavaScript, stored beside those in Python. */
export class Till extends WorkflowEntrypoint {
  async run(event, step) {
    const values = await step.do("values", async () => ({
      map: new Map([["a", 1n]]),
      date: new Date(1_700_000_000_000),
      bytes: new Uint8Array([1, 2]),
    }));
    const { payload } = await step.waitForEvent("close", { type: "close", timeout: "365 days" });
    return [values.map.get("a") === 1n, values.date.getTime(), values.bytes.length, payload];
  }
}
