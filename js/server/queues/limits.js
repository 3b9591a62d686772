/** The limits of queues: Cloudflare's. */

export const MAX_MESSAGE_BYTES = 128 * 1000;
export const MAX_BATCH_MESSAGES = 100;
export const MAX_BATCH_BYTES = 256 * 1000;
export const MAX_DELAY_S = 43_200;
