/** The host behind the shared components, over HTTP. */

/** @import { Comparison, Graph, InstanceDetail, RunAddress, StepAddress } from "../../../pages/run.d.ts" */

import { nextChange } from "./changes.js";
import { ask, inAccount, send } from "./session.js";
import { listen } from "./streams.js";

/** @param {string} workflow @param {string} id @param {...string} more */
const at = (workflow, id, ...more) => inAccount("workflows", workflow, "instances", id, ...more);

/** @param {string} workflow @param {string} id @param {object} body */
const change = (workflow, id, body) => ask("PATCH", at(workflow, id, "status"), { body });

export const host = {
  /** @param {string} workflow @param {string} id @returns {Promise<InstanceDetail>} */
  detail: (workflow, id) => ask("GET", at(workflow, id, "overview")),
  /**
   * @param {string} workflow
   * @param {string} id
   * @param {(events: any[]) => void} listener
   * @param {{ cursor?: number, progress?: number }} [options]
   */
  subscribe: (workflow, id, listener, { cursor = 0, progress } = {}) =>
    listen(
      `${at(workflow, id, "subscribe")}?values=short${progress === undefined ? "" : `&progress=${progress}`}`,
      { onEvents: listener, again: nextChange },
      cursor === 0 ? "" : String(cursor),
    ),
  /** @param {string} workflow @param {string} id */
  pause: (workflow, id) => change(workflow, id, { status: "pause" }),
  /** @param {string} workflow @param {string} id */
  resume: (workflow, id) => change(workflow, id, { status: "resume" }),
  /** @param {string} workflow @param {string} id @param {{ rollback?: boolean }} [options] */
  terminate: (workflow, id, { rollback = false } = {}) => change(workflow, id, { status: "terminate", rollback }),
  /** @param {string} workflow @param {string} id @param {StepAddress} [from] */
  restartInstance: (workflow, id, from) => change(workflow, id, { status: "restart", ...(from ? { from } : {}) }),
  /** @param {string} workflow @param {string} id */
  delete: (workflow, id) =>
    ask("POST", inAccount("workflows", workflow, "instances", "bulk"), { body: { action: "delete", instances: [id] } }),
  /** @param {string} workflow @param {string} id @param {string} type @param {unknown} [payload] */
  sendEvent: (workflow, id, type, payload = {}) => ask("POST", at(workflow, id, "events", type), { body: payload }),
  /** @param {string} [workflow] @param {string} [id] */
  async awaitedEvents(workflow = "", id = "") {
    const { steps } = await host.detail(workflow, id);
    return steps.flatMap((step) =>
      step.type === "waitForEvent" && !step.finished
        ? [{ type: step.event_type, step: step.name, workflow, id, until: step.until ?? null }]
        : [],
    );
  },
  /** @param {string} workflow @param {string} id @param {string} [step] */
  skipSleep: (workflow, id, step) =>
    ask("POST", at(workflow, id, "skip-sleep"), { body: step === undefined ? {} : { step } }),
  /** @param {string} workflow @param {string} id */
  async exportRun(workflow, id) {
    const response = await send("GET", at(workflow, id, "export"));
    return {
      name: `${id.replaceAll(/[^\w.-]/g, "_")}.run.sqlite`,
      bytes: new Uint8Array(await response.arrayBuffer()),
    };
  },
  /** @param {RunAddress} left @param {RunAddress} right @returns {Promise<Comparison>} */
  compare(left, right) {
    if ("key" in left || "key" in right) throw new Error("Only instances can be compared here.");
    const other = new URLSearchParams({ workflow: right.workflow, id: right.id });
    return ask("GET", `${at(left.workflow, left.id, "comparison")}?${other}`);
  },
  /** @param {RunAddress} run @param {{ id?: string, from?: StepAddress, results?: object, params?: unknown }} options @returns {Promise<{ workflow: string, id: string }>} */
  forkRun(run, { id, ...options }) {
    if ("key" in run) throw new Error("Only instances can be forked here.");
    return ask("POST", at(run.workflow, run.id, "forks"), {
      body: { ...options, ...(id === undefined ? {} : { instance_id: id }) },
    });
  },
  /** The whole of a value that is left out of a detail. @param {RunAddress} run @param {{ step: string, type: string } | "params" | "output"} what @returns {Promise<unknown>} */
  async wholeValue(run, what) {
    if ("key" in run) return null;
    if (typeof what === "string") return (await ask("GET", `${at(run.workflow, run.id)}?simple=true`))[what];
    const query = new URLSearchParams({ name: what.step, type: what.type });
    return (await ask("GET", `${at(run.workflow, run.id, "step")}?${query}`)).output;
  },
};

/** The diagrams that were asked for, by workflow and version. @type {Map<string, Promise<Graph | null>>} */
const graphs = new Map();

/** @param {RunAddress | null} _run @param {string} workflow @param {string} versionId @returns {Promise<Graph | null>} */
export function graphOf(_run, workflow, versionId) {
  const key = `${workflow}\n${versionId}`;
  const known =
    graphs.get(key) ??
    ask("GET", inAccount("workflows", workflow, "versions", versionId, "graph")).then(({ graph }) => graph);
  graphs.set(key, known);
  known.catch(() => graphs.delete(key));
  return known;
}
