/** A pass: one run of a workflow's `run()`, from its start until it ends or the engine drops it. */

/** @import { Link, Loop } from "../../bridge/link.d.ts" */
/** @import { ToGuest } from "../../bridge/protocol.d.ts" */
/** @import { UserModule } from "./user_module.js" */

import { toWire } from "../../bridge/errors.js";
import { Session } from "../../bridge/session.js";
import { WorkflowStep } from "../../bridge/step.js";
import { decode, encode } from "../../bridge/values.js";
import { waitUntil } from "./workers.js";

export class PassRun {
  /** `Session.progress` when the pass was last found at rest. */
  reportedQuiet = 0;
  #start;
  #userModule;
  #gone;

  /**
   * @param {Extract<ToGuest, { type: "start" }>} start
   * @param {Link<Session>} link
   * @param {Loop<Session>} loop
   * @param {UserModule} userModule
   * @param {() => void} gone called when the pass is over
   */
  constructor(start, link, loop, userModule, gone) {
    this.#start = start;
    this.#userModule = userModule;
    this.#gone = gone;
    this.session = new Session(start, link, loop);
  }

  async run() {
    const { session } = this;
    try {
      const { className, event, value } = this.#start;
      const entrypoint = this.#userModule.create(className, new ExecutionContext());
      const given = { ...event, payload: decode(value), timestamp: new Date(event.timestamp) };
      const step = new WorkflowStep(session.port);
      const output = encode(await entrypoint.run(given, step), "output");
      if (!session.closed) session.end(output);
    } catch (error) {
      if (!session.closed) session.fail(toWire(error));
    }
    // The handlers that it has left behind live until the engine drops the pass.
    if (!session.rollingBack) this.close();
  }

  /** What its code still does no longer counts. */
  close() {
    if (this.session.closed) return;
    this.session.close();
    this.#gone();
  }
}

class ExecutionContext {
  props = {};

  /** @param {Promise<unknown>} promise */
  waitUntil(promise) {
    waitUntil(promise);
  }

  passThroughOnException() {}
}
