/** Errors as answers: Cloudflare's code and an HTTP status for each reason of a refusal. */

import { StoppedError } from "../../engine/commits.js";
import { WorkflowError } from "../../engine/errors.js";
import { toStateError } from "../../store/node_driver.js";
import { RunFileError } from "../../store/run_file.js";
import { StateError } from "../../store/schema.js";
import { RequestError } from "../requests/request_error.js";

/** @typedef {import("hono/utils/http-status").ContentfulStatusCode} HttpStatus */

/** Cloudflare's codes for refusals that have nothing to do with workflows. */
export const AUTHENTICATION_ERROR = 10000;
export const INTERNAL_ERROR = 10001;
export const METHOD_NOT_ALLOWED = 7001;
export const NO_ROUTE = 7003;
export const TOO_MANY_REQUESTS = 971;

const NOT_FOUND = new Set([
  "instance.not_found",
  "workflow.not_found",
  "version.not_found",
  "deployment.not_found",
  "step.not_found",
  "token.not_found",
]);
const CONFLICT = new Set([
  "instance.cannot_restart",
  "instance.cannot_terminate",
  "instance.cannot_pause",
  "instance.cannot_resume",
  "instance.finished",
  "instance.not_sleeping",
  "instance.damaged",
  "deployment.conflict",
  "deployment.superseded",
  "workflow.being_deleted",
  "state.shared",
  "engine.elsewhere",
]);
const UNAVAILABLE = new Set(["engine.no_answer"]);
const FAILED = new Set(["engine.failed"]);

/** A refusal by the interface itself, before the engine is asked. */
export class HttpRefusal extends Error {
  /**
   * @param {HttpStatus} status
   * @param {number} code
   * @param {string} message
   * @param {{ reason?: string, headers?: Record<string, string> }} [options]
   */
  constructor(status, code, message, { reason, headers = {} } = {}) {
    super(message);
    this.name = "HttpRefusal";
    this.status = status;
    this.code = code;
    this.reason = reason;
    this.headers = headers;
  }
}

/** @param {string} reason @returns {HttpStatus} */
function statusOf(reason) {
  if (NOT_FOUND.has(reason)) return 404;
  if (CONFLICT.has(reason)) return 409;
  if (FAILED.has(reason)) return 500;
  return UNAVAILABLE.has(reason) ? 503 : 400;
}

/**
 * @param {any} error
 * @returns {{ status: HttpStatus, code: number, message: string, reason?: string | undefined, traceback?: string | undefined }}
 */
export function describeError(error) {
  const { message } = error ?? {};
  if (error instanceof HttpRefusal) return { status: error.status, code: error.code, message, reason: error.reason };
  if (error instanceof WorkflowError) {
    const { code, reason } = error;
    const { traceback } = /** @type {any} */ (error);
    return { status: statusOf(reason), code, reason, message, traceback };
  }
  if (error instanceof RequestError)
    return { status: error.status, code: INTERNAL_ERROR, reason: error.reason, message };
  if (error?.name === "NotSerializableError")
    return { status: 400, code: INTERNAL_ERROR, reason: "value.not_serializable", message };
  if (error instanceof RunFileError) return { status: 400, code: INTERNAL_ERROR, reason: error.code, message };
  if (error?.name === "LedgerError" && error.kind === "unavailable") {
    const text = `The database does not answer: ${message}`;
    return { status: 503, code: INTERNAL_ERROR, reason: "engine.no_answer", message: text };
  }
  if (error instanceof StoppedError) return { status: 500, code: INTERNAL_ERROR, reason: "state.stopped", message };
  const cause = toStateError(error);
  if (cause instanceof StateError) {
    return {
      status: 500,
      code: INTERNAL_ERROR,
      reason: cause.code,
      message: `The state file cannot be used: ${cause.message}`,
    };
  }
  return {
    status: 500,
    code: INTERNAL_ERROR,
    reason: "internal",
    message: String(message ?? error),
    traceback: error?.stack,
  };
}
