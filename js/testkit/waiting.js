/** What a test can wait for: a status, or the result of a step. A wait that cannot be met any more fails at once. */

/** @import { WireError } from "../../bridge/protocol.d.ts" */
/** @import { InstanceRow, LogRow } from "../store/store.d.ts" */
/** @import { TestEngine } from "./test_engine.js" */
/** @import { Timekeeper } from "./timekeeper.js" */

import { nearest } from "../../bridge/nearest.js";
import { encode } from "../../bridge/values.js";
import { REDACTED } from "../engine/detail.js";
import { entries, STEP_FAILURE, STEP_START, STEP_SUCCESS, WORKFLOW_PAUSED } from "../engine/events.js";
import { WORKFLOW_WAITING, WORKFLOW_WAITING_FOR_PAUSE, WORKFLOW_RUNNING, lastId } from "../engine/events.js";
import { isFinalStatus, STATUSES } from "../engine/status.js";
import { chunksOf, streamOf } from "../server/api/stream_output.js";

/** The statuses that an instance may pass through while time moves, by the entry that says so. @type {Record<number, string>} */
const STATUS_OF_EVENT = {
  [WORKFLOW_RUNNING]: "running",
  [WORKFLOW_PAUSED]: "paused",
  [WORKFLOW_WAITING_FOR_PAUSE]: "waitingForPause",
  [WORKFLOW_WAITING]: "waiting",
};

/** A wait that cannot be met. */
export class WaitError extends Error {
  name = "WaitError";
}

/** @typedef {{ engine: TestEngine, time: Timekeeper, workflow: string, id: string }} Awaited */

/**
 * @param {Awaited} awaited
 * @param {string} status
 * @throws {WaitError}
 */
export async function waitForStatus({ engine, time, workflow, id }, status) {
  checkStatus(status);
  const before = await engine.engine.find(workflow, id);
  let seen = before ? lastId(await engine.engine.log(before.number)) : 0;
  const isMet = async () => {
    const row = await engine.engine.find(workflow, id);
    if (!row) return false;
    if (row.status === status || status === "queued") return true;
    if (status === "running" && row.startedOn !== null) return true;
    const log = await engine.engine.log(row.number);
    // A restart begins a new log.
    if (lastId(log) < seen) seen = 0;
    if (log.some(({ event, seq }) => seq > seen && STATUS_OF_EVENT[event] === status)) return true;
    if (isFinalStatus(row.status)) throw unreachable(row, status);
    return false;
  };
  if (await time.until(isMet)) return;
  throw await neverMet({ engine, time, workflow, id }, `for status '${status}'`);
}

/** @param {string} status @throws {WaitError} no instance can have it */
function checkStatus(status) {
  if (STATUSES.some((each) => each === status)) return;
  const meant = nearest(status, STATUSES);
  const hint = meant ? ` Did you mean '${meant}'?` : "";
  throw new WaitError(`There is no status '${status}'.${hint} There are: ${STATUSES.join(", ")}.`);
}

/** Upstream's text. @param {InstanceRow} row @param {string} expected */
function unreachable({ id, status, error }, expected) {
  return new WaitError(
    `[WorkflowIntrospector] The Workflow instance ${id} has reached status '${status}'. This is a finite status that prevents it from ever reaching the expected status of '${expected}'.${causeText(error)}`,
  );
}

/** @param {string | null} error of an instance, as JSON */
function causeText(error) {
  if (error === null) return "";
  const { name, message } = JSON.parse(error);
  return ` It has failed with ${name}: ${message}`;
}

/**
 * @param {Awaited} awaited
 * @param {{ name: string, index: number }} step
 * @returns {Promise<{ value: string, isStream?: true } | { error: WireError }>} canonical text, or what the step has failed with; of
 *   a stream all of its bytes
 * @throws {WaitError}
 */
export async function waitForStep({ engine, time, workflow, id }, step) {
  /** @type {{ value: string } | { error: WireError } | undefined} */
  let outcome;
  const isMet = async () => {
    const row = await engine.engine.find(workflow, id);
    if (!row) return false;
    outcome = outcomeOf(await engine.engine.log(row.number), step);
    if (outcome) return true;
    if (!isFinalStatus(row.status)) return false;
    throw new WaitError(
      `Step '${step.name}' (index ${step.index}) of instance '${id}' has no result: the instance is ${row.status}, and that is final.${causeText(row.error)}`,
    );
  };
  if (await time.until(isMet)) {
    const found = /** @type {{ value: string } | { error: WireError }} */ (/** @type {unknown} */ (outcome));
    const stream = "value" in found ? streamOf(found.value) : undefined;
    return stream ? { value: encode(await bytesOf(engine, workflow, id, stream)), isStream: true } : found;
  }
  throw await neverMet({ engine, time, workflow, id }, `for the result of step '${step.name}' (index ${step.index})`);
}

/** @param {TestEngine} engine @param {string} workflow @param {string} id @param {import("../server/api/stream_output.js").Stored} stream */
async function bytesOf({ engine }, workflow, id, stream) {
  const { number } = await engine.get(workflow, id);
  return new Uint8Array(await new Response(chunksOf(engine, number, stream)).arrayBuffer());
}

/** @param {LogRow[]} rows @param {{ name: string, index: number }} step */
function outcomeOf(rows, { name, index }) {
  let sensitive = false;
  for (const entry of entries(rows)) {
    if (entry.name !== name || entry.count !== index) continue;
    if (entry.event === STEP_START) sensitive = JSON.parse(entry.detail ?? "{}").config?.sensitive === "output";
    if (entry.event === STEP_SUCCESS) return { value: sensitive ? JSON.stringify(REDACTED) : (entry.value ?? "null") };
    if (entry.event !== STEP_FAILURE) continue;
    const { stepError, error } = JSON.parse(entry.detail ?? "{}");
    return { error: stepError ?? error ?? { name: "Error", message: "Step failed" } };
  }
  return undefined;
}

/** @param {Awaited} awaited @throws {WaitError} */
export async function waitForEnd({ engine, time, workflow, id }) {
  const isMet = async () => isFinalStatus((await engine.engine.get(workflow, id)).status);
  if (await time.until(isMet)) return;
  throw await neverMet({ engine, time, workflow, id }, "for its end");
}

/** @param {Awaited} awaited @param {string} what */
async function neverMet({ engine, time, workflow, id }, what) {
  const row = await engine.engine.find(workflow, id);
  if (!row)
    return new WaitError(`Instance '${id}' of workflow '${workflow}' does not exist, and nothing will create it.`);
  const problem = /** @type {any} */ (engine.problemOf(workflow));
  if (problem)
    return Object.assign(new WaitError(`The code of workflow '${workflow}' does not load: ${problem.message}`), {
      traceback: problem.traceback,
    });
  const why = time.jumps ? "nothing is due" : "time does not jump (jump is off)";
  return new WaitError(
    `The wait ${what} of instance '${id}' cannot be met: its status is '${row.status}', and ${why}.`,
  );
}
