/** What a guest may read of its instance while its pass runs. The answers are in no log. */

/** @import { FromGuest, WireError } from "../../bridge/protocol.d.ts" */
/** @import { Pass } from "./pass.js" */

import { internalError } from "./errors.js";
import { targetOf } from "./events.js";
import { STREAM_LIMITS } from "./limits.js";
import { inOrder } from "./step.js";

/** @typedef {Extract<FromGuest, { type: "readChunk" | "readTimes" | "readStreamLimits" }>} Read */

/** @param {Pass} pass @param {Read} read */
export function answerRead(pass, read) {
  const { ref } = read;
  const found = READERS[read.type](pass, /** @type {any} */ (read));
  if (typeof found === "string") pass.tellCaller({ type: "resolve", pass: pass.id, ref, value: found });
  else pass.tellCaller({ type: "reject", pass: pass.id, ref, error: found });
}

/** They give canonical text, or the error of the read. @type {Record<Read["type"], (pass: Pass, read: any) => string | WireError>} */
const READERS = { readChunk, readTimes, readStreamLimits: () => JSON.stringify(STREAM_LIMITS) };

/** When the recorded outcomes became known, in ms since the instance began. @param {Pass} pass */
function readTimes({ row, steps }) {
  return JSON.stringify(inOrder(steps).map(({ endedAt }) => endedAt - (row.startedOn ?? endedAt)));
}

/** @param {Pass} pass @param {Extract<FromGuest, { type: "readChunk" }>} read */
function readChunk({ store, number }, { name, count, index }) {
  const missing = () => internalError(`Stored output for ${targetOf({ name, count })} is corrupt or incomplete.`);
  return store.loadChunk(number, { name, count }, index) ?? missing();
}
