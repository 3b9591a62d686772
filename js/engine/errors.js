/** The errors the engine itself raises, all as data (WireError) or as WorkflowError for callers of its API. */

/** @import { WireError } from "../../bridge/protocol.d.ts" */

import { OptionError } from "../../bridge/options.js";

/**
 * A refusal of a call to the engine. `reason` is upstream's word for it ("instance.not_found"), `code` its number.
 */
export class WorkflowError extends Error {
  /**
   * @param {string} reason
   * @param {string} message
   * @param {number} [code]
   */
  constructor(reason, message, code = 10001) {
    super(message);
    this.name = "WorkflowError";
    this.reason = reason;
    this.code = code;
  }
}

/**
 * The error of a call of another workflow, for the guest that called.
 *
 * @param {any} error
 * @returns {WireError}
 */
export function callError(error) {
  if (error instanceof OptionError) return { name: "TypeError", message: error.message };
  if (!(error instanceof WorkflowError)) return internalError(String(error?.message ?? error));
  return refusalToWire(error);
}

/** @param {string} name */
export function workflowNotFound(name) {
  return new WorkflowError("workflow.not_found", `(workflow.not_found) Workflow does not exist: ${name}`, 10200);
}

/** @param {string} id */
export function notFound(id) {
  return new WorkflowError("instance.not_found", `(instance.not_found) Instance does not exist: ${id}`, 10400);
}

/** @param {string} id */
export function alreadyExists(id) {
  const message = `(instance.already_exists) Workflow instance with id "${id}" already exists`;
  return new WorkflowError("instance.already_exists", message, 10405);
}

/** @param {unknown} type */
export function invalidEventType(type) {
  const given = type === undefined ? "is missing" : `${JSON.stringify(type)} is not allowed`;
  return new WorkflowError(
    "workflow.invalid_event_type",
    `(workflow.invalid_event_type) Event type ${given}: 1 to 100 letters, digits, "-" or "_", not beginning with "-"`,
  );
}

/** @param {unknown} id */
export function invalidId(id) {
  const rule =
    '1 to 100 letters, digits, "-" or "_", not beginning with "-", and none of batch, terminate, terminateAll';
  return new WorkflowError(
    "instance.invalid_id",
    `Workflow instance has invalid id ${JSON.stringify(id) ?? String(id)}: ${rule}`,
  );
}

/**
 * A refusal as the guest is told it.
 *
 * @param {WorkflowError} error
 * @returns {WireError}
 */
export function refusalToWire({ name, message, code, reason }) {
  return { name, message, state: JSON.stringify({ code, reason }) };
}

/**
 * @param {number} ms
 * @returns {WireError}
 */
export function timeoutError(ms) {
  return { name: "WorkflowTimeoutError", message: `Execution timed out after ${ms}ms` };
}

/** @returns {WireError} */
export function interruptedError() {
  return { name: "WorkflowInternalError", message: "Attempt failed due to internal workflows error" };
}

/**
 * @param {string} target
 * @param {string} reason as the end of a sentence
 * @returns {WireError}
 */
export function delayError(target, reason) {
  const message = `The delay function for step "${target}" ${reason}`;
  return { name: "NonRetryableDelayError", message, retryable: false };
}

/** @returns {WireError} */
export function rollbackMissingError() {
  return { name: "RollbackMissing", message: "Rollback function not available in registry" };
}

/**
 * What the handlers of a terminated instance are told.
 *
 * @returns {WireError}
 */
export function terminatedError() {
  return { name: "Terminated", message: "Instance terminated during rollback" };
}

/**
 * @param {string} message
 * @returns {WireError}
 */
export function fatalError(message) {
  return { name: "WorkflowFatalError", message };
}

/**
 * The error of an instance that an exception in the engine has ended.
 *
 * @param {any} error
 * @returns {WireError}
 */
export function faultError(error) {
  const what = `${error?.name ?? "Error"}: ${String(error?.message ?? error).slice(0, 1000)}`;
  return internalError(`The instance was ended, for handling what its code sent has failed. ${what}`);
}

/**
 * The error of an instance that cannot be read from the store.
 *
 * @param {any} error
 * @returns {WireError}
 */
export function damageError(error) {
  const what = String(error?.message ?? error).slice(0, 1000);
  return internalError(`The instance was ended, for what the state has of it is damaged. ${what}`);
}

/**
 * @param {string} message
 * @returns {WireError}
 */
export function internalError(message) {
  return { name: "WorkflowInternalError", message };
}
