/** What changes on the server, told by one stream: lists and charts are asked for again then. */

import { effect, signal } from "@preact/signals";
import { inAccount, session } from "./session.js";
import { listen } from "./streams.js";

/** How long after a change the lists are asked for again, so that many changes are one question. */
const AFTER_MS = 150;
/** Events that change what a list shows. */
const TYPES = [
  "workflow_queued",
  "workflow_started",
  "workflow_completed",
  "workflow_errored",
  "workflow_terminated",
  "workflow_running",
  "workflow_waiting",
  "workflow_paused",
  "workflow_waiting_for_pause",
  "rollback_started",
];

/** Counts what has changed. */
export const changes = signal(0);

export function followChanges() {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const tell = () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      changes.value += 1;
    }, AFTER_MS);
  };
  effect(() => {
    if (session.value === null) return undefined;
    const query = new URLSearchParams(TYPES.concat("instance_deleted").map((type) => ["filter", type]));
    return listen(`${inAccount("workflows", "-", "subscribe")}?${query}`, { onEvents: tell, onOpen: tell });
  });
}

/** Resolves when something changes on the server. */
export function nextChange() {
  const now = changes.peek();
  return new Promise((resolve) => {
    const leave = changes.subscribe((count) => {
      if (count === now) return;
      queueMicrotask(() => leave());
      resolve(undefined);
    });
  });
}
