/** Asks the owner of a state which file it owns. */

/** @import { Owner } from "./owner.js" */

import { get } from "node:http";
import { requestHeaders } from "./admission.js";

const MAX_REPLY_BYTES = 65_536;

/**
 * @param {Owner} owner
 * @param {number} timeout in ms; a host that listens and is busy is given all of it
 * @returns {Promise<string | undefined>} the identity of the state file; undefined: the owner does not reply
 */
export function askOwner({ socket, secret }, timeout) {
  return new Promise((resolve) => {
    const options = { socketPath: socket, path: "/host", timeout, agent: false, headers: requestHeaders({ secret }) };
    const request = get(options, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk) => {
        text += chunk;
        if (text.length > MAX_REPLY_BYTES) request.destroy();
      });
      response.on("end", () => resolve(identityIn(text)));
      response.on("error", () => resolve(undefined));
    });
    request.on("timeout", () => request.destroy());
    request.on("error", () => resolve(undefined));
  });
}

/** @param {string} text */
function identityIn(text) {
  try {
    return JSON.parse(text).result?.state_identity;
  } catch {
    return undefined;
  }
}
