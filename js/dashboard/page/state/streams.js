/** Server-sent events, read by fetch: the browser's own reader sends no token. A broken stream is opened again where it was. */

import { Refusal, send } from "./session.js";

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;

/**
 * @param {string} path
 * @param {object} handlers
 * @param {(events: any[]) => void} handlers.onEvents
 * @param {() => void} [handlers.onOpen] each time that the stream is opened
 * @param {() => Promise<unknown>} [handlers.again] resolves when it is worth opening a stream again that has ended
 * @param {string} [lastId] of the event after which the stream begins
 * @returns {() => void} ends it
 */
export function listen(path, { onEvents, onOpen, again }, lastId = "") {
  const cancel = new AbortController();
  const { signal } = cancel;
  let id = lastId;
  let pause = FIRST_PAUSE_MS;
  const run = async () => {
    while (!signal.aborted) {
      try {
        const headers = { accept: "text/event-stream", ...(id === "" ? {} : { "last-event-id": id }) };
        const response = await send("GET", path, { signal, headers });
        pause = FIRST_PAUSE_MS;
        onOpen?.();
        await readEvents(response, (events) => {
          id = events.at(-1)?.id || id;
          if (!signal.aborted) onEvents(events.map(({ data }) => data));
        });
        // An instance that has ended may be restarted.
        if (again && !signal.aborted) await again();
      } catch (error) {
        if (error instanceof Refusal && error.status < 500 && error.status !== 429) return;
      }
      if (signal.aborted) return;
      await new Promise((resolve) => setTimeout(resolve, pause));
      pause = Math.min(LONGEST_PAUSE_MS, pause * 2);
    }
  };
  void run();
  return () => cancel.abort();
}

/** @param {Response} response @param {(events: { id: string, data: any }[]) => void} take */
async function readEvents(response, take) {
  const reader = /** @type {ReadableStream<Uint8Array>} */ (response.body).getReader();
  const decoder = new TextDecoder();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += decoder.decode(value, { stream: true });
    const blocks = text.split("\n\n");
    text = blocks.pop() ?? "";
    const events = blocks.flatMap(readEvent);
    if (events.length > 0) take(events);
  }
}

/** @param {string} block @returns {{ id: string, data: any }[]} none for a heartbeat */
function readEvent(block) {
  let id = "";
  let data = "";
  for (const line of block.split("\n")) {
    if (line.startsWith("id: ")) id = line.slice(4);
    else if (line.startsWith("data: ")) data += line.slice(6);
  }
  return data === "" ? [] : [{ id, data: JSON.parse(data) }];
}
