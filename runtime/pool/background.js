/** Timers that keep no process alive. In a page there is none to keep. */

/** @typedef {ReturnType<typeof setTimeout>} Timer */

/**
 * @param {Timer} timer
 * @returns {Timer}
 */
export function inBackground(timer) {
  if (typeof timer === "object") timer.unref();
  return timer;
}
