/** The page that the shared components are on: see `services.d.ts`. Each page provides it before it draws anything. */

/** @import { Page } from "./services.d.ts" */

import { notify } from "./notices.js";

export const page = /** @type {Page} */ ({});

/** @param {Page} services */
export function providePage(services) {
  Object.assign(page, services);
}

/**
 * Do what a person asked for, and say if it fails.
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
