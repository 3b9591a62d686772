/** Who calls, and whether that caller may do what is asked. */

/** @import { Operation, Scope } from "../api/operation.js" */
/** @import { Tokens } from "./tokens.js" */

import { DEFAULT_ACCOUNT } from "../../engine/accounts.js";
import { AUTHENTICATION_ERROR, HttpRefusal } from "../api/refusal.js";
import { allows } from "./tokens.js";

/**
 * @typedef {object} Caller
 * @property {string} name as the audit log has it
 * @property {string} reader tells one caller's pages from another's
 */

/** @typedef {{ header: (name: string) => string | undefined }} Headers */

/** Has the secret of the caller for whom a command sends a request over the Unix socket, as `stepwell mcp --port` does. */
const CALLER_HEADER = "stepwell-caller";
/** @type {Caller} */
export const LOCAL_USER = { name: "local user", reader: "local user" };

/**
 * Who calls over the Unix socket. Its user may do everything; a caller for whom a command asks may do what the token allows.
 *
 * @param {Headers} request
 * @param {object} options
 * @param {Tokens} options.tokens
 * @param {string} options.account that is addressed
 * @param {Pick<Operation, "id" | "scope">} options.operation
 * @returns {Caller}
 * @throws {HttpRefusal}
 */
export function authorizeLocal(request, { tokens, account, operation }) {
  const secret = request.header(CALLER_HEADER);
  if (secret === undefined) return LOCAL_USER;
  /** @type {Headers} */
  const passedOn = { header: (name) => (name === "authorization" ? `Bearer ${secret}` : undefined) };
  return authorize(passedOn, { tokens, required: true, address: "", account, operation });
}

/**
 * The secret that a request carries: `Authorization: Bearer`, or `X-Auth-Key`, the older form of Cloudflare's clients.
 *
 * @param {Headers} request
 */
function secretOf(request) {
  const [, bearer] = /^Bearer +(\S+) *$/i.exec(request.header("authorization") ?? "") ?? [];
  return bearer ?? request.header("x-auth-key");
}

/**
 * @param {Headers} request
 * @param {object} options
 * @param {Tokens} options.tokens
 * @param {boolean} options.required whether a request without a valid token is refused
 * @param {string} options.address of the other end
 * @param {string} options.account that is addressed
 * @param {Pick<Operation, "id" | "scope">} options.operation
 * @returns {Caller}
 * @throws {HttpRefusal}
 */
export function authorize(request, { tokens, required, address, account, operation }) {
  const agent = request.header("user-agent") ?? "";
  const secret = secretOf(request);
  const token = secret === undefined ? undefined : tokens.find(secret);
  if (!token) {
    if (required) throw unauthenticated();
    return { name: `anonymous@${address}`, reader: `${address} ${agent}` };
  }
  if (token.account !== account) throw forbidden(`Token ${token.id} is for account ${token.account}, not ${account}.`);
  if (!allows(token.scope, operation.scope))
    throw forbidden(`Token ${token.id} has scope ${token.scope}; ${operation.id} needs ${operation.scope}.`);
  return { name: `${token.name} (token ${token.id})`, reader: `${token.id} ${agent}` };
}

/**
 * The account and the scope of a request that names neither.
 *
 * @param {Headers} request
 * @param {{ tokens: Tokens, required: boolean }} options
 * @returns {{ account: string, scope: Scope }}
 * @throws {HttpRefusal}
 */
export function sessionOf(request, { tokens, required }) {
  const secret = secretOf(request);
  const token = secret === undefined ? undefined : tokens.find(secret);
  if (token) return { account: token.account, scope: token.scope };
  if (required) throw unauthenticated();
  return { account: DEFAULT_ACCOUNT, scope: "admin" };
}

/** For a server that shows a state and changes nothing. @returns {never} @throws {HttpRefusal} */
export function refuseChanges() {
  throw new HttpRefusal(403, AUTHENTICATION_ERROR, "This server is read-only.");
}

function unauthenticated() {
  return new HttpRefusal(401, AUTHENTICATION_ERROR, "Authentication error", {
    headers: { "www-authenticate": "Bearer" },
  });
}

/** @param {string} why */
function forbidden(why) {
  return new HttpRefusal(403, AUTHENTICATION_ERROR, `Authentication error: ${why}`);
}
