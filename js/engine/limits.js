/** Upstream's documented limits (paid plan). Sizes of values are those of `value_size.js`. */

export const MAX_VALUE_BYTES = 1024 * 1024;
export const MAX_STEP_NAME_LENGTH = 256;
export const MAX_ID_LENGTH = 100;
export const MAX_BATCH = 100;
export const MAX_NAME_LENGTH = 64;
/** Per state; upstream: per account. */
export const MAX_SCHEDULES = 100;
export const MAX_EVENT_TYPE_LENGTH = 100;
export const MAX_DURATION_MS = 365 * 86_400_000;
export const MAX_RETENTION_MS = 100 * MAX_DURATION_MS;
/** Sleeps and waits of one instance. Upstream counts steps alone; each of them costs memory. */
export const MAX_SLEEPS_AND_WAITS = 100_000;
/** Calls of other workflows that one pass may have open. */
export const MAX_OPEN_CALLS = 10_000;
export const MIN_WAIT_MS = 1000;
export const MAX_RETRIES = 10_000;
export const DEFAULT_STEP_LIMIT = 10_000;
/** All that an instance keeps: results, events that it has taken, byte streams. */
export const MAX_STATE_CHARACTERS = 1024 ** 3;
/** What an instance gets that keeps more. */
export const STATE_FULL = "The instance has exceeded the 1GiB storage limit";
/** Byte streams are kept in chunks of this size. */
export const CHUNK_BYTES = 256 * 1024;
/** What the guest holds a byte stream to. @type {import("../../bridge/protocol.d.ts").StreamLimits} */
export const STREAM_LIMITS = {
  chunkBytes: CHUNK_BYTES,
  maxPieceBytes: 16 * 1024 * 1024,
  maxStreamBytes: MAX_STATE_CHARACTERS,
  streamTooLarge: STATE_FULL,
};
/** Of an item of progress. */
export const MAX_PROGRESS_CHARACTERS = 64 * 1024;
/** Of all that is kept of an instance's progress. */
export const MAX_INSTANCE_PROGRESS_CHARACTERS = 64 * 1024 * 1024;
/** How many items are kept of a step whose configuration says nothing of it, and how many a configuration may ask for. */
export const DEFAULT_PROGRESS_KEPT = 10_000;
export const MAX_PROGRESS_KEPT = 100_000;
/** Size of an instance's own output (print, logging) that is kept. */
export const MAX_OUTPUT_CHARACTERS = 1024 * 1024;
/** How much is kept of later output, and of each line in it. */
export const MAX_LATE_OUTPUT_CHARACTERS = 64 * 1024;
export const MAX_LATE_LINE_CHARACTERS = 1000;
/** Of an error: its message, what else it has (arguments, attributes, cause, traceback), and its class's name. */
export const MAX_ERROR_MESSAGE_CHARACTERS = 16 * 1024;
export const MAX_ERROR_DATA_CHARACTERS = 64 * 1024;
export const MAX_ERROR_NAME_CHARACTERS = 256;
/** Brackets in the canonical text of a value: more than the bridge's encoders write for what they take. */
export const MAX_VALUE_DEPTH = 1024;
/** Of any text in a message of a guest, values included. */
export const MAX_MESSAGE_TEXT_CHARACTERS = 64 * 1024 * 1024;
