/** The engines of a state that several share. */

/** @import { KnownEngine } from "../../../ledger/ledger.d.ts" */
/** @import { Operation } from "../operation.js" */
/** @import { Api } from "../app.js" */

import * as S from "../schemas.js";

/** @typedef {KnownEngine & { isThis: boolean }} ListedEngine */

/** @param {Api} api @returns {Operation[]} */
export function engineOperations({ engine }) {
  return [
    {
      id: "listEngines",
      method: "get",
      path: "/workflows/-/engines",
      summary: "The engines that share the state, in the order in which they joined; none where one has it to itself.",
      scope: "read",
      result: S.enginesResult,
      run: async () => ("engines" in engine ? await engine.engines() : []).map(engineJson),
    },
  ];
}

/** @param {ListedEngine} engine */
function engineJson({ id, name, isThis, shares, isDead, parts, leaseMs }) {
  const status = isDead ? "dead" : leaseMs < 0 ? "silent" : shares ? "live" : "idle";
  return { id, name, is_this: isThis, status, parts, lease_ms: leaseMs };
}
