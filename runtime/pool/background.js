/** Timers that keep no process alive. A page has no process to keep alive. */

/** @typedef {ReturnType<typeof setTimeout>} Timer */

/**
 * @param {Timer} timer
 * @returns {Timer}
 */
export function inBackground(timer) {
  if (typeof timer === "object") timer.unref();
  return timer;
}
