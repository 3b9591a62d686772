/**
 * Which requests the host admits at its socket: those of a command that speaks the same protocol, has read the secret beside
 * the state, and means the state that this host owns.
 */

import { timingSafeEqual } from "node:crypto";
import { VERSION } from "./version.js";

/** Rises with every change of the interface that an older command, or an older host, does not understand. */
export const PROTOCOL = 2;

const PROTOCOL_HEADER = "stepwell-protocol";
const VERSION_HEADER = "stepwell-version";
const STATE_HEADER = "stepwell-state";

/**
 * @param {{ secret: string, identity?: string }} owner
 * @returns {Record<string, string>}
 */
export function requestHeaders({ secret, identity }) {
  return {
    authorization: `Bearer ${secret}`,
    [PROTOCOL_HEADER]: String(PROTOCOL),
    [VERSION_HEADER]: VERSION,
    ...(identity === undefined ? {} : { [STATE_HEADER]: identity }),
  };
}

/**
 * Why the host refuses a request; undefined: it admits the request.
 *
 * @param {Headers} headers of the request
 * @param {{ secret: string, identity: string }} owner
 * @returns {{ status: number, reason: string, message: string } | undefined}
 */
export function refusalOf(headers, { secret, identity }) {
  const protocol = Number(headers.get(PROTOCOL_HEADER) ?? 1);
  if (protocol !== PROTOCOL) return otherVersion(headers.get(VERSION_HEADER), protocol);
  if (!isSame(headers.get("authorization") ?? "", `Bearer ${secret}`)) {
    const message =
      "The request does not carry the secret of this host, which is in the file *.owner.json beside the state.";
    return { status: 401, reason: "host.secret", message };
  }
  const wanted = headers.get(STATE_HEADER);
  if (wanted !== null && wanted !== identity)
    return { status: 421, reason: "host.other_state", message: "This host owns another state file." };
  return undefined;
}

/**
 * @param {string | null} version of the command; null for one that does not send its version yet
 * @param {number} protocol
 */
function otherVersion(version, protocol) {
  const command = version === null ? "an older Stepwell" : `Stepwell ${version}`;
  const remedy = protocol < PROTOCOL ? "Upgrade the command" : "Upgrade the host";
  return {
    status: 426,
    reason: "host.version",
    message:
      `The state is in use by process ${process.pid}, a host of Stepwell ${VERSION}; this command is ${command}. ` +
      `${remedy}, or end that process first.`,
  };
}

/** @param {string} one @param {string} other */
function isSame(one, other) {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.byteLength === b.byteLength && timingSafeEqual(a, b);
}
