/** How the interpreters of tests run. */

import { VirtualClock } from "./virtual_clock.js";

/** How long code outside steps may keep an interpreter to itself, in real ms. */
const CPU_LIMIT_MS = 5000;

/** @typedef {ReturnType<typeof guestOptions>} GuestOptions */

/** Options of `Pool`, with a clock of their own. */
export function guestOptions() {
  // One interpreter: what a test sees does not depend on how busy the machine is.
  return { clock: VirtualClock.memory(), isolates: 1, cpuLimit: CPU_LIMIT_MS };
}
