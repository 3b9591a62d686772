/** The instances, the run files that have been opened, and which of all these is shown. */

/** @import { InstanceSummary, OpenedRun, RunAddress } from "../../host.d.ts" */

import { batch, computed, effect, signal } from "@preact/signals";
import { isSame } from "../../../pages/run/addresses.js";
import { selected, tab, watching } from "../../../pages/run/view.js";
import { host, isReady } from "./connection.js";
import { sentenceOf } from "../../../pages/page.js";
import { notify } from "../../../pages/notices.js";

const KEY = "stepwell.shown";
/** What names a file of one run. */
export const RUN_FILE = ".run.sqlite";
const LARGEST_FILE = 200e6;

/** @type {import("@preact/signals").Signal<InstanceSummary[]>} */
export const instances = signal([]);
/** @type {import("@preact/signals").Signal<(OpenedRun & { fileName: string })[]>} */
export const openedRuns = signal([]);
/** @type {import("@preact/signals").Signal<RunAddress | null>} */
export const shown = signal(remembered());
/** Which pane has a narrow screen to itself. @type {import("@preact/signals").Signal<"code" | "runs" | "run">} */
export const pane = signal("code");

export const shownFile = computed(() => {
  const address = shown.value;
  return address && "key" in address ? (openedRuns.value.find(({ key }) => key === address.key) ?? null) : null;
});

/** @param {RunAddress | null} address null: none */
export function show(address) {
  batch(() => {
    if (!isSame(shown.value, address)) {
      selected.value = null;
      watching.value = null;
      // A run is looked at first; these two views are about something that was asked of another one.
      if (tab.value === "replay" || tab.value === "compare") tab.value = "timeline";
    }
    shown.value = address;
    if (address) pane.value = "run";
  });
}

/** Keep the list as the host has it. */
export function followInstances() {
  host.on("instances", (list) => (instances.value = list));
  effect(() => {
    if (!isReady.value) return;
    void host
      .list({ limit: 200 })
      .then(({ rows }) => (instances.value = rows))
      .catch(() => undefined);
  });
  effect(() => {
    const address = shown.value;
    try {
      if (address && !("key" in address)) sessionStorage.setItem(KEY, JSON.stringify(address));
    } catch {
      // Without storage a reload shows no instance until one is chosen.
    }
  });
}

/** @param {File} file */
export async function openRunFile(file) {
  if (file.size > LARGEST_FILE) {
    notify(
      "error",
      `${file.name} is ${Math.round(file.size / 1e6)} MB large; a run file has up to ${LARGEST_FILE / 1e6} MB.`,
    );
    return;
  }
  try {
    const run = await host.openRun(new Uint8Array(await file.arrayBuffer()));
    openedRuns.value = [...openedRuns.value, { ...run, fileName: file.name }];
    show({ key: run.key });
  } catch (error) {
    const isState = /** @type {any} */ (error).reason === "run.state";
    notify(
      "error",
      isState
        ? `${file.name} is a whole state, not the file of one run. Look at the state with: stepwell ui ${file.name}`
        : `${file.name}: ${sentenceOf(error)}`,
    );
  }
}

/** @param {string} key */
export async function closeRunFile(key) {
  openedRuns.value = openedRuns.value.filter((run) => run.key !== key);
  if (isSame(shown.value, { key })) show(null);
  await host.closeRun(key).catch(() => undefined);
}

/** @returns {RunAddress | null} */
function remembered() {
  try {
    const address = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
    return typeof address?.workflow === "string" && typeof address?.id === "string" ? address : null;
  } catch {
    return null;
  }
}
