/** The arguments of the user's functions, as data: callbacks, rollback handlers and delay functions. The twin is `contexts.py`. */

/** @import { Attempt, Call } from "./calls.js" */
/** @import { ShownConfig, ToGuest } from "./protocol.d.ts" */

/**
 * Make the context of a callback.
 *
 * @param {Call} call
 * @param {number} attempt
 * @param {ShownConfig | undefined} config
 */
export function toContext({ name, count }, attempt, config) {
  return { step: { name, count }, attempt, config };
}

/** Make what the rollback handler of `call` gets. @param {Call} call */
export function rollbackContext(call) {
  const { rollback, value: output = null } = /** @type {Attempt} */ (call.order);
  const { error, attempt, config } = /** @type {NonNullable<Attempt["rollback"]>} */ (rollback);
  return { ctx: toContext(call, attempt, config), error, output, stepName: `${call.name}-${call.count}` };
}

/**
 * Ask the delay function of `call`, as the `delay` message of the engine wants.
 *
 * @param {Call} call
 * @param {Extract<ToGuest, { type: "delay" }>} message
 * @returns {Promise<{ delay?: unknown, failure?: string }>} in ms or text; `failure` says why there is no delay
 */
export async function askDelay(call, { attempt, config, error = call.failure }) {
  const input = { ctx: toContext(call, attempt, config), error: error ?? { name: "Error", message: "" } };
  // The code may have no delay function any more, where the log says that it had one.
  if (!call.delay) return { delay: JSON.parse(call.userConfig || "{}").retries?.delay };
  const answer = JSON.parse(await call.delay(JSON.stringify(input), call.ref));
  return answer.error ? { failure: `threw an error: ${answer.error.message}` } : { delay: answer.delay };
}
