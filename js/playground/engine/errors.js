/** Errors on their way to the page: a port carries their class's name and message only. */

/** @import { Fault } from "./host_error.js" */

import { StoppedError } from "../../engine/commits.js";
import { WorkflowError } from "../../engine/errors.js";
import { RunFileError } from "../../store/run_file.js";
import { StateError } from "../../store/schema.js";

/**
 * An error as plain data.
 *
 * @param {any} error
 * @returns {Fault}
 */
export function toFault(error) {
  const { message, traceback, problems } = error ?? {};
  if (error instanceof WorkflowError) return { reason: error.reason, message, traceback, problems };
  if (error instanceof RunFileError) return { reason: error.code, message: `The file cannot be opened: ${message}.` };
  if (error instanceof StateError) return { reason: error.code, message };
  if (error instanceof StoppedError) return { reason: "state.stopped", message };
  if (error?.name === "NotSerializableError") return { reason: "value.not_serializable", message };
  return { reason: "internal", message: String(message ?? error), traceback: error?.stack };
}
