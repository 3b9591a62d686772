/**
 * The run that is shown, kept up to date.
 *
 * Events say that something has happened; what there is to see is asked for then, never more often than the answer takes
 * twice over, so that neither a flood of output nor ten thousand steps can keep the page from its work.
 */

/** @import { InstanceDetail, InstanceEvent, RunAddress } from "../run.d.ts" */

import { batch, computed, effect, signal } from "@preact/signals";
import { isFinalStatus } from "../../engine/status.js";
import { page } from "../page.js";
import { fileOf } from "./addresses.js";
import { forgetReported, isProgress, takeReported } from "./reported.js";

const SOONEST_MS = 80;
/** After how long is asked again where there was no answer. */
const AGAIN_MS = 1000;
const MISSING = new Set(["instance.not_found", "workflow.not_found"]);
/** How many events are kept for the log's view; what is older is in the tables. */
const MOST_EVENTS = 50_000;

/** @type {import("@preact/signals").Signal<InstanceDetail | null>} */
export const detail = signal(null);
/** Without those of output. @type {import("@preact/signals").Signal<InstanceEvent[]>} */
export const events = signal([]);
/** @type {import("@preact/signals").Signal<string | null>} */
export const missing = signal(null);
/** The time, while something moves. */
export const now = signal(Date.now());

export const isMoving = computed(() => detail.value !== null && !isFinalStatus(detail.value.status));

export function followShown() {
  /** @type {() => void} */
  let stop = () => {};
  effect(() => {
    const address = page.shown.value;
    stop();
    batch(() => {
      detail.value = null;
      events.value = [];
      missing.value = null;
      forgetReported();
    });
    stop = address === null ? () => {} : "key" in address ? lookAtFile(address) : follow(address);
  });
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  effect(() => {
    if (!isMoving.value) return undefined;
    now.value = page.now();
    const timer = setInterval(() => (now.value = page.now()), still.matches ? 1000 : 100);
    return () => clearInterval(timer);
  });
}

/** @param {RunAddress} address */
function lookAtFile(address) {
  const run = fileOf(address);
  batch(() => {
    detail.value = run?.detail ?? null;
    events.value = run?.events.filter(({ type }) => type !== "log") ?? [];
  });
  return () => {};
}

/** @param {Extract<RunAddress, { id: string }>} address */
function follow({ workflow, id }) {
  let isOver = false;
  let isDirty = false;
  let isAsking = false;
  /** @type {() => void} */
  let unsubscribe = () => {};

  const isWanted = () => isDirty && !isOver;
  const refresh = async () => {
    isDirty = true;
    if (isAsking) return;
    isAsking = true;
    while (isWanted()) {
      isDirty = false;
      const begun = performance.now();
      try {
        const answer = await page.host.detail(workflow, id);
        if (isOver) return;
        batch(() => {
          detail.value = answer;
          missing.value = null;
        });
      } catch (error) {
        if (isOver) return;
        const { reason, message } = /** @type {Error & { reason?: string }} */ (error);
        if (MISSING.has(reason ?? "")) missing.value = message;
        else {
          // Nothing else would ask again for a run in which nothing happens.
          isDirty = true;
          await pause(AGAIN_MS);
        }
      }
      await pause(Math.max(SOONEST_MS, 2 * (performance.now() - begun)));
    }
    isAsking = false;
  };
  const listen = (/** @type {InstanceEvent[]} */ come) => {
    if (isOver) return;
    const log = come.filter((event) => event.type !== "log" && !isProgress(event));
    // A restart begins the log again.
    const begins = log.findLastIndex(({ type, resumed }) => type === "workflow_queued" && !resumed);
    if (begins >= 0) forgetReported();
    takeReported(come.filter(isProgress).filter(({ timestamp }) => begins < 0 || timestamp >= log[begins].timestamp));
    // What a step reports may come a thousand times a second, and changes nothing else.
    if (come.every(isProgress)) return;
    if (log.length > 0) events.value = begins >= 0 ? log.slice(begins) : [...events.peek(), ...log].slice(-MOST_EVENTS);
    void refresh();
  };
  const leave = effect(() => {
    if (!page.isReady.value) return;
    unsubscribe();
    events.value = [];
    forgetReported();
    unsubscribe = page.host.subscribe(workflow, id, listen, { cursor: 0, progress: 0 });
    void refresh();
  });
  return () => {
    isOver = true;
    leave();
    unsubscribe();
  };
}

/** @param {number} ms */
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
