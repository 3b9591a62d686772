/** An instance's history and then its life, as a stream of JSON lines. */

/** @import { InstanceRow } from "../store/store.d.ts" */
/** @import { InstanceReader, SubscriptionOptions } from "../engine/subscription.js" */

import { Feed } from "../engine/feed.js";
import { toExactPlain } from "../engine/plain.js";

/** What a stream needs of the host. @typedef {{ engine: InstanceReader, streamOpened(): void, streamClosed(): void }} FollowedHost */

/**
 * Upstream's subscription events after the cursor, with `log` lines for what user code prints in between. The stream ends
 * after the instance's last event, or when the instance is deleted.
 *
 * @param {FollowedHost} host
 * @param {InstanceRow} row
 * @param {SubscriptionOptions} options
 * @returns {ReadableStream<Uint8Array>}
 */
export function subscribe(host, row, options) {
  const follower = new Follower(host, row, options);
  return new ReadableStream({ pull: (controller) => follower.pull(controller), cancel: () => follower.close() });
}

class Follower {
  #host;
  #feed;
  #encoder = new TextEncoder();
  #unwatch;
  #open = true;
  /** Whether a commit has added to the instance since the last read. */
  #added = false;
  /** @type {() => void} */
  #wake = () => {};

  /** @param {FollowedHost} host @param {InstanceRow} row @param {SubscriptionOptions} options */
  constructor(host, row, options) {
    this.#host = host;
    this.#feed = new Feed(host.engine, row, options, 0, toExactPlain);
    this.#unwatch = host.engine.watch(row.number, () => {
      this.#added = true;
      this.#wake();
    });
    host.streamOpened();
  }

  /**
   * Send what comes next. Called when the subscriber has taken what it was sent: nothing is read for one that does not.
   *
   * @param {ReadableStreamDefaultController<Uint8Array>} controller
   */
  async pull(controller) {
    for (;;) {
      const { lines, last } = await this.#read();
      if (!this.#open) return;
      if (lines.length > 0) {
        controller.enqueue(this.#encoder.encode(lines.map((line) => `${JSON.stringify(line)}\n`).join("")));
      }
      if (last) {
        this.close();
        controller.close();
      }
      if (last || lines.length > 0) return;
      if (!this.#added) await new Promise((resolve) => (this.#wake = () => resolve(undefined)));
    }
  }

  async #read() {
    this.#added = false;
    try {
      return await this.#feed.read();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  close() {
    if (!this.#open) return;
    this.#open = false;
    this.#unwatch();
    this.#wake();
    this.#host.streamClosed();
  }
}
