/**
 * Progress: what an attempt of a step reports while it runs. It is in no log: a replay neither needs nor repeats it.
 *
 * Each item is a row, numbered over the instance. What a failed attempt has reported is marked as superseded by a row that
 * comes after it, so that followers learn of it in order. The oldest items make room for new ones.
 */

/** @import { Encoded } from "../../bridge/protocol.d.ts" */
/** @import { Pass } from "./pass.js" */
/** @import { Step } from "./step.js" */

import { REDACTED } from "./detail.js";
import { fatalError } from "./errors.js";
import { targetOf } from "./events.js";
import { DEFAULT_PROGRESS_KEPT, MAX_INSTANCE_PROGRESS_CHARACTERS, MAX_PROGRESS_CHARACTERS } from "./limits.js";

/** By how many items a running step may exceed what is kept of it: they are removed together. */
const TRIM_AFTER = 1000;

/**
 * @param {Pass} pass
 * @param {Step} step whose attempt runs
 * @param {{ ref: number, value: Encoded }} report
 */
export function reportProgress(pass, step, { ref, value }) {
  if (value.length > MAX_PROGRESS_CHARACTERS) {
    const error = fatalError(
      `Progress of step ${targetOf(step)} is too large: ${value.length} characters, of which at most ${MAX_PROGRESS_CHARACTERS} are allowed. Report it in parts.`,
    );
    return pass.tellCaller({ type: "reject", pass: pass.id, ref, error });
  }
  const { now, number } = pass;
  // What must not be seen is not kept either.
  const kept = step.config?.sensitive === "output" ? JSON.stringify(REDACTED) : value;
  pass.makeRoomForProgress(kept.length, MAX_INSTANCE_PROGRESS_CHARACTERS);
  step.reporting = true;
  step.reported += 1;
  pass.write((store) => store.progressReported(number, step, { attempt: step.attempts, at: now, value: kept }));
  // Followers may be as far behind as this, also where nothing is kept in the end.
  const window = Math.max(keptOf(step), TRIM_AFTER);
  if (step.reported > window + TRIM_AFTER) trim(pass, step, window);
  pass.tellCaller({ type: "resolve", pass: pass.id, ref });
}

/** The step has succeeded. @param {Pass} pass @param {Step} step */
export function endProgress(pass, step) {
  step.reporting = false;
  if (step.reported > keptOf(step)) trim(pass, step, keptOf(step));
}

/** @param {Pass} pass @param {Step} step @param {number} kept how many items, the newest */
function trim(pass, step, kept) {
  pass.write((store) => store.progressTrimmed(pass.number, step, kept, pass.now));
  step.reported = kept;
}

/** @param {Step} step */
function keptOf({ config }) {
  return config?.progress ?? DEFAULT_PROGRESS_KEPT;
}
