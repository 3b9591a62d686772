/** The schedules of all workflows, as the host has them. */

/** @import { ScheduleSummary } from "../../host.d.ts" */

import { effect, signal } from "@preact/signals";
import { host, isReady } from "./connection.js";
import { deploy, isCurrent, refusal } from "./deployment.js";
import { instances } from "./runs.js";

/** @type {import("@preact/signals").Signal<ScheduleSummary[]>} */
export const schedules = signal([]);

/** Keep them up to date: a time that has come shows as an instance. */
export function followSchedules() {
  effect(() => {
    void instances.value;
    if (isReady.value) void load();
  });
}

async function load() {
  try {
    schedules.value = await host.schedules();
  } catch {
    // The engine has gone: it is asked again once it is back.
  }
}

/**
 * Deploys first, where the code has changed.
 *
 * @param {string} workflow
 * @param {string} cron
 */
export async function addSchedule(workflow, cron) {
  if (!isCurrent.value && !(await deploy()))
    throw new Error(`The code in the editor cannot be deployed: ${refusal.value?.message}`);
  await set(workflow, [...cronsOf(workflow), cron]);
}

/** @param {ScheduleSummary} schedule */
export async function removeSchedule({ workflow, cron }) {
  await set(
    workflow,
    cronsOf(workflow).filter((each) => each !== cron),
  );
}

/** @param {string} workflow @param {string[]} crons */
async function set(workflow, crons) {
  await host.setSchedules(workflow, crons);
  await load();
}

/** @param {string} workflow */
function cronsOf(workflow) {
  return schedules.value.flatMap((each) => (each.workflow === workflow ? [each.cron] : []));
}
