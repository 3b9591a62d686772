/** An instance's history and then its life, as a stream of JSON lines. */

/** @import { Host } from "./host.js" */
/** @import { InstanceRow } from "../store/store.d.ts" */
/** @import { SubscriptionOptions } from "../engine/subscription.js" */

import { Feed } from "../engine/feed.js";
import { toExactPlain } from "../engine/plain.js";

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
  const feed = new Feed(host.engine, row, options, 0, toExactPlain);
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
        const { lines, last } = feed.read();
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
