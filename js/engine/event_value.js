/** @import { Encoded } from "../../bridge/protocol.d.ts" */

/**
 * What `wait_for_event` returns, as canonical text. The payload goes in as the text it is.
 *
 * @param {{ payload: Encoded, type: string, at: number }} event
 */
export function eventValue({ payload, type, at }) {
  const timestamp = JSON.stringify({ $: "date", v: new Date(at).toISOString() });
  return `{"payload":${payload},"timestamp":${timestamp},"type":${JSON.stringify(type)}}`;
}
