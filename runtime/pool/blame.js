/** Which pass is to blame for the death of an isolate. */

/** @import { PassState } from "./pass_state.js" */
/** @import { Culprit } from "./watchdog.js" */

/**
 * The pass whose step was the only one that ran, or that was alone. Undefined: it is not known which one it was.
 *
 * @param {PassState[]} passes that were in the isolate
 * @param {{ quarantined: boolean, culprit: Culprit | undefined }} death
 */
export function suspectOf(passes, { quarantined, culprit }) {
  if (passes.length === 1 && (quarantined || culprit === "run")) return passes[0];
  const attempts = passes.flatMap((state) => [...state.running.keys()].map(() => state));
  return attempts.length === 1 && !culprit ? attempts[0] : undefined;
}
