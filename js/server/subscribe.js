/** An instance's history and then its life, as a stream of JSON lines. */

/** @import { Host } from "./host.js" */
/** @import { InstanceRow } from "../store/store.d.ts" */
/** @import { SubscriptionOptions } from "../engine/subscription.js" */

import { Subscription } from "../engine/subscription.js";
import { toPlain } from "./plain.js";

/**
 * Upstream's subscription events after the cursor, with `log` lines for what user code prints in between. The stream ends
 * after the instance's last event, or when the instance is deleted.
 *
 * @param {Host} host
 * @param {InstanceRow} row
 * @param {SubscriptionOptions} options
 * @returns {ReadableStream<Uint8Array>}
 */
export function subscribe(host, row, options) {
  const encoder = new TextEncoder();
  const reader = new Reader(host, row, options);
  let unwatch = () => {};
  return new ReadableStream({
    start(controller) {
      host.streamOpened();
      const close = () => {
        unwatch();
        host.streamClosed();
        controller.close();
      };
      const push = () => {
        const { lines, last } = reader.read();
        for (const line of lines) controller.enqueue(encoder.encode(`${JSON.stringify(line)}\n`));
        if (last) close();
        return last;
      };
      if (push()) return;
      unwatch = host.engine.watch(row.number, push);
    },
    cancel() {
      unwatch();
      host.streamClosed();
    },
  });
}

class Reader {
  #host;
  #row;
  #subscription;
  #wantsOutput;
  #printed = 0;

  /** @param {Host} host @param {InstanceRow} row @param {SubscriptionOptions} options */
  constructor(host, row, options) {
    this.#host = host;
    this.#row = row;
    this.#subscription = new Subscription(host.engine, row, options, toPlain);
    // A filter names events of the instance, and what its code prints is none.
    this.#wantsOutput = options.filter === undefined;
  }

  /** What has come since the last call, in order of time. */
  read() {
    const { number, id } = this.#row;
    const { events, done } = this.#subscription.read();
    const output = this.#wantsOutput ? this.#host.engine.output(number, this.#printed) : [];
    this.#printed = output.at(-1)?.id ?? this.#printed;
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
    return { lines, last: done };
  }
}
