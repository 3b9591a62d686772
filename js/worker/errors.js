/** Why a handler gave no answer. */

/** @import { WireError } from "../../bridge/protocol.d.ts" */

import { toWire } from "../../bridge/errors.js";

/**
 * `handler.raised`: the handler's own error, with the user's traceback. `handler.missing`: the Worker has no such handler.
 * `handler.timeout`: no answer in time. `handler.lost`: the interpreter has ended.
 *
 * @typedef {"handler.raised" | "handler.missing" | "handler.timeout" | "handler.lost"} HandlerErrorCode
 */

export class HandlerError extends Error {
  /** The user's traceback, or JavaScript's stack. @type {string | undefined} */
  traceback;
  /** @type {WireError | undefined} */
  wire;

  /**
   * @param {HandlerErrorCode} code
   * @param {string} message
   * @param {WireError} [wire]
   */
  constructor(code, message, wire) {
    super(message);
    this.name = wire?.name ?? "HandlerError";
    this.code = code;
    this.wire = wire;
    this.traceback = wire?.traceback;
  }
}

/** The error that a caller of a handler gets. @param {any} error */
export function toHandlerError(error) {
  if (error instanceof HandlerError) return error;
  if (error?.code === "handler.lost") return new HandlerError("handler.lost", error.message);
  const wire = toWire(error);
  return new HandlerError(
    wire.name === "MissingHandlerError" ? "handler.missing" : "handler.raised",
    wire.message,
    wire,
  );
}
