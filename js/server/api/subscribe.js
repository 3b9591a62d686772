/**
 * A subscription as a stream: server-sent events, or one JSON document a line for programs that ask for
 * `application/x-ndjson`. Events are read when the reader has taken those before, so a slow reader costs no memory.
 */

/** @import { Context } from "hono" */
/** @import { Host } from "../host.js" */
/** @import { InstanceRow } from "../../store/store.d.ts" */
/** @import { Format } from "./stream_format.js" */
/** @import { SubscriptionOptions } from "../../engine/subscription.js" */

import { Feed } from "../../engine/feed.js";
import { masked } from "../masking.js";
import { formatOf, HEARTBEAT_MS } from "./stream_format.js";

/** @typedef {Awaited<ReturnType<Feed["read"]>>["lines"][number]} Line */

/**
 * Where a subscriber goes on: `Last-Event-ID` as `line` writes it, the cursor and what is known of the printed lines and of
 * progress.
 *
 * @param {Context} context
 */
export function lastEventOf(context) {
  const id = context.req.header("last-event-id") ?? "";
  const [, cursor, printed = 0, progress] = /^(\d{1,15})(?:\.(\d{1,15}))?(?:\.(\d{1,15}))?$/.exec(id) ?? [];
  const item = progress === undefined ? undefined : Number(progress);
  return { cursor: Number(cursor ?? 0), printed: Number(printed), progress: item };
}

/**
 * Upstream's subscription events after the cursor, with `log` lines for what user code prints in between. The stream ends
 * after the instance's last event, or when the instance is deleted.
 *
 * @param {Host} host
 * @param {InstanceRow} row
 * @param {SubscriptionOptions} options
 * @param {{ context: Context, mask: import("../masking.js").Mask, plain: (text: string) => unknown }} reader `plain`: what it is
 *   shown of a canonical text
 */
export function answerWithEvents(host, row, options, { context, mask, plain }) {
  const { format, headers } = formatOf(context);
  const feed = new Feed(host.engine, row, options, lastEventOf(context).printed, plain);
  const stream = new Events(host, row.number, feed, format, mask).stream();
  return new Response(stream, { headers });
}

class Events {
  #host;
  #number;
  #feed;
  #format;
  #mask;
  #encoder = new TextEncoder();
  /** Something has been added since the last read. */
  #stale = true;
  #ended = false;
  /** Since when the reader has asked for nothing, in ms of `performance.now()`; undefined while it waits for events. @type {number | undefined} */
  #idleSince = performance.now();
  /** @type {() => void} */
  #wake = () => {};
  #unwatch = () => {};

  /** @param {Host} host @param {number} number @param {Feed} feed @param {Format} format @param {import("../masking.js").Mask} mask */
  constructor(host, number, feed, format, mask) {
    this.#mask = mask;
    this.#host = host;
    this.#number = number;
    this.#feed = feed;
    this.#format = format;
  }

  /** For how long events have waited for the reader, in ms. */
  get unreadMs() {
    return this.#stale && this.#idleSince !== undefined ? performance.now() - this.#idleSince : 0;
  }

  /** @returns {ReadableStream<Uint8Array>} */
  stream() {
    return new ReadableStream(
      {
        start: () => {
          this.#host.followers.add(this);
          this.#unwatch = this.#host.engine.watch(this.#number, () => {
            this.#stale = true;
            this.#wake();
          });
        },
        pull: async (controller) => {
          this.#idleSince = undefined;
          await this.#pull(controller);
          this.#idleSince = performance.now();
        },
        cancel: () => this.#close(),
      },
      { highWaterMark: 0 },
    );
  }

  /** @param {ReadableStreamDefaultController<Uint8Array>} controller */
  async #pull(controller) {
    for (;;) {
      if (this.#ended) return;
      if (!this.#stale) {
        if (await this.#changed()) continue;
        return controller.enqueue(this.#encoder.encode(this.#format.heartbeat));
      }
      this.#stale = false;
      const { printed, progress } = this.#feed;
      const { lines, last, more } = await this.#feed.read();
      if (more) this.#stale = true;
      if (lines.length > 0) controller.enqueue(this.#encoder.encode(this.#written(lines, printed, progress)));
      if (last) {
        this.#close();
        return controller.close();
      }
      if (lines.length > 0) return;
    }
  }

  /** @param {Line[]} lines @param {number} printed before them @param {number | undefined} progress before them */
  #written(lines, printed, progress) {
    let { cursor } = this.#feed;
    const first = lines.find((line) => "eventId" in line);
    cursor = first === undefined ? cursor : /** @type {any} */ (first).eventId - 1;
    return lines
      .map((each, index) => {
        /** @type {{ type: string, eventId?: number, progressId?: number }} */
        const line = masked(each, this.#mask);
        cursor = line.eventId ?? cursor;
        progress = line.progressId ?? progress;
        const isLast = index === lines.length - 1;
        const known = isLast ? [this.#feed.cursor, this.#feed.printed] : [cursor, printed];
        return this.#format.line(line, (progress === undefined ? known : [...known, progress]).join("."));
      })
      .join("");
  }

  /** Waits until something is added, or it is time for a heartbeat. @returns {Promise<boolean>} whether something is */
  #changed() {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), HEARTBEAT_MS).unref();
      this.#wake = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
  }

  #close() {
    if (this.#ended) return;
    this.#ended = true;
    this.#unwatch();
    this.#wake();
    this.#host.followers.remove(this);
  }
}
