/** The host behind the page, and what it tells of itself, as signals. */

/** @import { HostState, Progress } from "../../host.d.ts" */

import { computed, signal } from "@preact/signals";
import { host } from "../../engine/host.js";
import { notify } from "./notices.js";

export { host };

/** @type {import("@preact/signals").Signal<HostState>} */
export const hostState = signal(host.state);
/** @type {import("@preact/signals").Signal<Progress>} */
export const progress = signal(host.progress);

host.on("state", (state) => (hostState.value = state));
host.on("progress", (step) => (progress.value = step));
host.on("notice", ({ level, text }) => notify(level, text));

/** Whether the engine answers; Python may still be on its way. */
export const isReady = computed(() => hostState.value.phase === "ready");
export const pythonState = computed(() => (hostState.value.phase === "ready" ? hostState.value.python : "loading"));
/** @type {import("@preact/signals").Signal<Record<string, string>>} */
export const versions = signal({});

/**
 * Carry out something that people asked for, and tell them if it fails.
 *
 * @param {string} what the beginning of the sentence: "Pause"
 * @param {() => Promise<unknown>} act
 * @returns {Promise<boolean>} whether it worked
 */
export async function attempt(what, act) {
  try {
    await act();
    return true;
  } catch (error) {
    notify("error", `${what} failed: ${sentenceOf(error)}`);
    return false;
  }
}

/** An error's message for people: without the code that programs read. @param {unknown} error */
export function sentenceOf(error) {
  return /** @type {Error} */ (error).message.replace(/^\([\w.]+\) /, "");
}
