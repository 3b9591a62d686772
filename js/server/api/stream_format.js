/** How events are written to a stream: as server-sent events, or one JSON document a line. */

/** @import { Context } from "hono" */

const LINES = "application/x-ndjson";
/** Proxies close a connection that says nothing for a minute. */
export const HEARTBEAT_MS = 15_000;

/** @typedef {{ line: (event: { type: string, [key: string]: unknown }, id?: string) => string, heartbeat: string }} Format */

/** @type {Format} */
const SERVER_SENT_EVENTS = {
  line: (event, id) =>
    `${id === undefined ? "" : `id: ${id}\n`}event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`,
  heartbeat: ": still here\n\n",
};
/** @type {Format} */
const JSON_LINES = { line: (event) => `${JSON.stringify(event)}\n`, heartbeat: "\n" };

/**
 * What the client asks for.
 *
 * @param {Context} context
 * @returns {{ format: Format, headers: Record<string, string> }}
 */
export function formatOf(context) {
  const wantsLines = (context.req.header("accept") ?? "").includes(LINES);
  return {
    format: wantsLines ? JSON_LINES : SERVER_SENT_EVENTS,
    headers: { "content-type": wantsLines ? LINES : "text/event-stream", "cache-control": "no-store" },
  };
}
