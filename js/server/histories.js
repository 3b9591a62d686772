/** Replays of instances that have not ended, apart from the engine that runs them: nothing is run or written. */

/** @import { Guest } from "../../bridge/protocol.d.ts" */
/** @import { Engine } from "../engine/engine.js" */
/** @import { DeploymentLoader } from "./deployment_loader.js" */
/** @import { SqliteStore } from "../store/sqlite.js" */
/** @import { DeployRequest } from "./registration.js" */

import { accountOf, workflowNameOf } from "../engine/accounts.js";
import { replay } from "../engine/replay.js";
import { isFinalStatus } from "../engine/status.js";
import { nodeClock } from "./clock.js";

export class Histories {
  #engine;
  #store;
  #deployments;

  /** @param {Engine} engine @param {SqliteStore} store @param {DeploymentLoader} deployments */
  constructor(engine, store, deployments) {
    this.#engine = engine;
    this.#store = store;
    this.#deployments = deployments;
  }

  /**
   * Instances of a deployment's workflows that have a history and have not ended.
   *
   * @param {DeployRequest} request
   * @param {number} limit
   */
  unfinished({ main, account }, limit) {
    return this.#engine
      .unfinished(limit)
      .filter(({ workflow }) => accountOf(workflow.name) === account)
      .filter(({ workflow }) => this.#deployments.rows.deploymentOf(workflow).main === main)
      .map(({ number, id, workflow }) => ({ number, id, workflow: workflowNameOf(workflow.name) }));
  }

  /** A deployment in an interpreter of its own, which the caller closes. @param {DeployRequest} request */
  openInterpreter({ script_name, ...rest }) {
    return this.#deployments.openApart({ ...rest, scriptName: script_name ?? null });
  }

  /**
   * Replay an instance in an interpreter of its own; undefined where it is gone or has ended.
   *
   * @param {number} number
   * @param {Guest} guest
   */
  async replay(number, guest) {
    const row = this.#store.loadInstanceByNumber(number);
    if (!row || isFinalStatus(row.status)) return undefined;
    return await replay({ store: this.#store, number, guest, clock: nodeClock });
  }
}
