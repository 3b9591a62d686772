/** An instance's events, with what its code prints in between: what people are shown while they follow it. */

/** @import { InstanceRow } from "../store/store.d.ts" */
/** @import { InstanceReader, SubscriptionOptions } from "./subscription.js" */

import { toPlain } from "./plain.js";
import { Subscription } from "./subscription.js";

export class Feed {
  #row;
  #subscription;
  #wantsOutput;

  /**
   * @param {InstanceReader} engine
   * @param {InstanceRow} row
   * @param {SubscriptionOptions} options
   * @param {number} [printed] number of the last line of output that is known already
   * @param {(text: string) => unknown} [plain] what is shown of a canonical text
   */
  constructor(engine, row, options, printed = 0, plain = toPlain) {
    this.#row = row;
    this.#subscription = new Subscription(engine, row, options, plain);
    // A filter names events of the instance. Printed output is not an event.
    this.#wantsOutput = options.filter === undefined;
    this.printed = printed;
  }

  /** `eventId` of the last event that was read. */
  get cursor() {
    return this.#subscription.cursor;
  }

  /** `progressId` of the last item of progress that was read; undefined where none is wanted. */
  get progress() {
    return this.#subscription.progress;
  }

  /** What has come since the last call, in order of time. `last`: the instance has ended, or is gone. */
  async read() {
    const { id } = this.#row;
    const {
      events,
      output: all,
      done,
      more,
      until,
    } = await this.#subscription.read(this.#wantsOutput ? this.printed : undefined);
    // What was printed later comes with later events.
    const later = all.findIndex(({ at }) => at > until);
    const output = later < 0 ? all : all.slice(0, later);
    this.printed = output.at(-1)?.id ?? this.printed;
    const logs = output.map(({ at, step, level, text }) => ({
      type: "log",
      instanceId: id,
      timestamp: at,
      stepName: step ?? undefined,
      level,
      text,
    }));
    // Stable: a line printed in the millisecond of a step's end comes before it, as it did.
    const lines = [...logs, ...events].sort((a, b) => a.timestamp - b.timestamp);
    return { lines, last: done, more };
  }
}
