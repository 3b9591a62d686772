/** The parts of a `start` message that describe the instance. The engine sends it, and so does the replay of a recorded run. */

/** @import { ToGuest } from "../../bridge/protocol.d.ts" */
/** @import { InstanceRow } from "../store/store.d.ts" */

import { workflowNameOf } from "./accounts.js";
import { DEFAULT_CONFIG } from "./config.js";

/**
 * The parts of a `start` message that are the instance's own.
 *
 * @param {Pick<InstanceRow, "id" | "workflow" | "createdOn" | "schedule" | "params">} row
 * @returns {Pick<Extract<ToGuest, { type: "start" }>, "event" | "value" | "defaults">}
 */
export function startOf(row) {
  return {
    event: {
      timestamp: row.createdOn,
      instanceId: row.id,
      workflowName: workflowNameOf(row.workflow),
      ...(row.schedule === null ? {} : { schedule: JSON.parse(row.schedule) }),
    },
    value: row.params,
    defaults: DEFAULT_CONFIG,
  };
}
