/** How statuses of instances and states of steps look and are called. Never by colour alone: each has a sign and a word. */

import { html } from "htm/preact";
import { Icon } from "./icon.js";

/** @typedef {{ tone: string, icon: import("./icon.js").IconName, word: string, turning?: boolean }} Look */

/** @type {Record<string, Look>} */
const STATUSES = {
  queued: { tone: "idle", icon: "queue", word: "queued" },
  running: { tone: "run", icon: "spin", word: "running", turning: true },
  waiting: { tone: "wait", icon: "clock", word: "waiting" },
  waitingForPause: { tone: "wait", icon: "pause", word: "pausing" },
  paused: { tone: "idle", icon: "pause", word: "paused" },
  rollingBack: { tone: "undo", icon: "undo", word: "rolling back" },
  complete: { tone: "ok", icon: "check", word: "complete" },
  errored: { tone: "bad", icon: "cross", word: "errored" },
  terminated: { tone: "idle", icon: "stop", word: "terminated" },
};

/** @type {Record<string, Look>} */
const STATES = {
  pending: { tone: "idle", icon: "dot", word: "not yet" },
  running: { tone: "run", icon: "spin", word: "running", turning: true },
  retrying: { tone: "wait", icon: "restart", word: "will be retried" },
  sleeping: { tone: "wait", icon: "sleep", word: "sleeping" },
  waiting: { tone: "wait", icon: "event", word: "waiting" },
  held: { tone: "idle", icon: "pause", word: "on hold" },
  done: { tone: "ok", icon: "check", word: "done" },
  failed: { tone: "bad", icon: "cross", word: "failed" },
  stopped: { tone: "idle", icon: "stop", word: "stopped" },
};

const UNKNOWN = /** @type {Look} */ ({ tone: "idle", icon: "dot", word: "unknown" });

/** @param {string} status */
export function statusLook(status) {
  return STATUSES[status] ?? UNKNOWN;
}

/** @param {string} state */
export function stateLook(state) {
  return STATES[state] ?? UNKNOWN;
}

/** @param {{ status: string }} props */
export function StatusPill({ status }) {
  const { tone, icon, word, turning } = statusLook(status);
  return html`<span class="pill tone-${tone} ${turning ? "turning" : ""}"><${Icon} name=${icon} />${word}</span>`;
}

/** The sign alone; the words beside it say the same. @param {{ look: Look }} props */
export function Mark({ look: { tone, icon, turning } }) {
  return html`<span class="mark tone-${tone} ${turning ? "turning" : ""}"><${Icon} name=${icon} /></span>`;
}
