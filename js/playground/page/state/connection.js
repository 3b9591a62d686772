/** The host behind the page, and what it tells of itself, as signals. */

/** @import { HostState, Progress } from "../../host.d.ts" */

import { computed, signal } from "@preact/signals";
import { host } from "../../engine/host.js";
import { notify } from "../../../pages/notices.js";

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
