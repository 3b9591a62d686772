/** What a test changes of instances, by upstream's names. The twin of this file is `modifier.py`. */

/** @import { EngineHandle } from "./engine_handle.js" */
/** @import { StepSelector, WorkflowInstanceModifier } from "./testing.d.ts" */

import { toWire } from "../../bridge/errors.js";
import { encode } from "../../bridge/values.js";

/** Changes one instance, or all further instances of a workflow. @implements {WorkflowInstanceModifier} */
export class Modifier {
  #engine;
  #target;

  /** @param {EngineHandle} engine @param {string} workflow @param {string | null} id null: all further ones */
  constructor(engine, workflow, id) {
    this.#engine = engine;
    this.#target = { workflow, id };
  }

  /** @param {StepSelector[]} [steps] absent: all */
  async disableSleeps(steps) {
    await this.#change("disableSleeps", { steps: steps?.map((each) => selector(each)) ?? null });
  }

  /** @param {StepSelector[]} [steps] absent: all */
  async disableRetryDelays(steps) {
    await this.#change("disableRetryDelays", { steps: steps?.map((each) => selector(each)) ?? null });
  }

  /** @param {StepSelector} step @param {unknown} stepResult */
  async mockStepResult(step, stepResult) {
    await this.#change("mockStepResult", { step: selector(step), ...(await resultOf(stepResult)) });
  }

  /** @param {StepSelector} step @param {Error} error @param {number} [times] absent: each attempt fails */
  async mockStepError(step, error, times) {
    await this.#change("mockStepError", { step: selector(step), error: toWire(error), times: attempts(times) });
  }

  /** @param {StepSelector} step @param {number} [times] absent: each attempt times out */
  async forceStepTimeout(step, times) {
    await this.#change("forceStepTimeout", { step: selector(step), times: attempts(times) });
  }

  /** @param {{ type: string, payload?: unknown }} event */
  async mockEvent({ type, payload }) {
    await this.#change("mockEvent", { type, payload: encode(payload, "payload") });
  }

  /** @param {StepSelector} step */
  async forceEventTimeout(step) {
    await this.#change("forceEventTimeout", { step: selector(step) });
  }

  /** @param {string} method @param {object} fields */
  async #change(method, fields) {
    await this.#engine.call("modify", { ...this.#target, method, ...fields });
  }
}

/** A result as the host takes it. A stream is read to its end. @param {unknown} result */
async function resultOf(result) {
  if (!(result instanceof ReadableStream)) return { value: encode(result, "result") };
  if (result.locked)
    throw new TypeError("mockStepResult() got a ReadableStream that is locked: something else reads it.");
  /** @type {Uint8Array[]} */
  const chunks = [];
  for await (const chunk of /** @type {any} */ (result)) chunks.push(bytesOf(chunk));
  return { stream: encode(new Uint8Array(Buffer.concat(chunks)), "result") };
}

/** @param {unknown} chunk of a stream */
function bytesOf(chunk) {
  if (chunk instanceof ArrayBuffer) return new Uint8Array(chunk);
  if (ArrayBuffer.isView(chunk) && !(chunk instanceof DataView))
    return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  throw new TypeError(
    `mockStepResult() got a ReadableStream with a chunk that is ${chunk === null ? "null" : `a ${typeof chunk}`}. Chunks must be an ArrayBuffer or a TypedArray.`,
  );
}

/** @param {StepSelector} step */
export function selector(step) {
  const { name, index = 1 } = typeof step === "string" ? { name: step } : (step ?? {});
  if (typeof name === "string" && Number.isInteger(index) && index >= 1) return { name, index };
  throw new TypeError(`${JSON.stringify(step)} names no step. Give { name: "..." }, or { name: "...", index: 2 }.`);
}

/** @param {number | undefined} times */
function attempts(times) {
  if (times === undefined || (Number.isInteger(times) && times >= 1)) return times ?? null;
  throw new TypeError(`times is ${times}; it must be a whole number from 1, or absent for all attempts.`);
}
