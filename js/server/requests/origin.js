/**
 * Which pages may send requests to a server on this machine.
 *
 * A page of any site can send requests to loopback. Its `Origin` header names the site, unless the site has made its own
 * name resolve to 127.0.0.1 (DNS rebinding): then the `Host` header names the site. So both are checked.
 */

import { RequestError } from "./request_error.js";

const LOOPBACK_NAMES = new Set(["localhost", "127.0.0.1", "[::1]"]);

/**
 * @param {Request} request
 * @param {object} [options]
 * @param {readonly string[]} [options.hosts] further names of this server, without the port
 * @param {readonly string[]} [options.origins] origins besides the server's own whose pages may send requests
 * @throws {RequestError}
 */
export function checkOrigin(request, { hosts = [], origins = [] } = {}) {
  const host = request.headers.get("host") ?? "";
  if (!isOurs(host, hosts))
    throw new RequestError(421, `This server is not ${JSON.stringify(host)}. Use one of its own names.`);
  const origin = request.headers.get("origin");
  if (origin !== null && !isSameOrigin(origin, host) && !origins.includes(origin))
    throw new RequestError(403, `Pages of ${JSON.stringify(origin)} may not use this server.`);
}

/**
 * @param {string} host value of the header
 * @param {readonly string[]} hosts
 */
function isOurs(host, hosts) {
  const name = host.toLowerCase().replace(/:\d+$/, "");
  return LOOPBACK_NAMES.has(name) || hosts.includes(name);
}

/**
 * @param {string} origin
 * @param {string} host
 */
function isSameOrigin(origin, host) {
  try {
    const url = new URL(origin);
    return url.host === new URL(`${url.protocol}//${host}`).host;
  } catch {
    return false;
  }
}
