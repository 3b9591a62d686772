/** What a serving tells the command that keeps it running, as lines of JSON. */

/** How many events wait for a command that does not read. Further ones are counted and dropped. */
const MAX_WAITING = 10_000;

/** @typedef {{ type: string, [key: string]: unknown }} ServingEvent */

export class EventQueue {
  /** @type {ReadableStreamDefaultController<Uint8Array> | undefined} */
  #controller;
  /** Events of a serving that opens, which leave behind its first line. @type {ServingEvent[] | undefined} */
  #early = [];
  #encoder = new TextEncoder();
  #dropped = 0;
  /** Lines of this turn, which leave together. */
  #lines = "";
  #count = 0;

  /**
   * @param {ServingEvent} first its first line
   * @param {() => void} oncancel the command reads no further
   * @returns {ReadableStream<Uint8Array>}
   */
  stream(first, oncancel) {
    const stream = new ReadableStream(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        cancel: () => {
          this.#controller = undefined;
          oncancel();
        },
      },
      { highWaterMark: MAX_WAITING, size: () => this.#count },
    );
    const events = [first, ...(this.#early ?? [])];
    this.#early = undefined;
    for (const event of events) this.push(event);
    return stream;
  }

  /** @param {ServingEvent} event */
  push(event) {
    if (this.#early) {
      if (this.#early.length < MAX_WAITING) this.#early.push(event);
      return;
    }
    if (!this.#controller) return;
    if ((this.#controller.desiredSize ?? 0) <= this.#count) {
      this.#dropped += 1;
      return;
    }
    if (this.#dropped > 0) this.#write({ type: "dropped", count: this.#dropped });
    this.#dropped = 0;
    this.#write(event);
  }

  /** No further event comes. */
  end() {
    this.#flush();
    this.#controller?.close();
    this.#controller = undefined;
  }

  /** @param {ServingEvent} event */
  #write(event) {
    if (this.#count === 0) setImmediate(() => this.#flush());
    this.#count += 1;
    this.#lines += `${JSON.stringify({ time: Date.now(), ...event })}\n`;
  }

  #flush() {
    if (this.#count === 0) return;
    this.#controller?.enqueue(this.#encoder.encode(this.#lines));
    this.#lines = "";
    this.#count = 0;
  }
}
