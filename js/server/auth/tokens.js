/**
 * API tokens. A token's secret is shown once, when it is created; the state keeps its SHA-256. Secrets are 256 random bits,
 * so the plain hash of one tells nothing of it.
 */

/** @import { TokenRow } from "../../store/access_rows.d.ts" */
/** @import { Scope } from "../api/operation.js" */

import { createHash, randomBytes } from "node:crypto";
import { DEFAULT_ACCOUNT, isAccountName } from "../../engine/accounts.js";
import { WorkflowError } from "../../engine/errors.js";

/** Each includes those before it. @type {Scope[]} */
export const SCOPES = ["read", "write", "admin"];

const PREFIX = "stepwell_";
const SECRET_BYTES = 32;
const ID_BYTES = 4;
const MAX_NAME = 100;

/**
 * @typedef {object} TokenStorage durable when the promise is resolved
 * @property {() => TokenRow[]} load
 * @property {(row: TokenRow) => Promise<void>} created
 * @property {(id: string, at: number) => Promise<void>} revoked
 */

export class Tokens {
  #storage;
  #now;
  /** By hash; those that are revoked or expired included. @type {Map<string, TokenRow>} */
  #rows;

  /** @param {TokenStorage} storage @param {() => number} now */
  constructor(storage, now) {
    this.#storage = storage;
    this.#now = now;
    this.#rows = new Map();
    this.reload();
  }

  /** Read them anew: another engine of the state may have changed them. */
  reload() {
    this.#rows = new Map(this.#storage.load().map((row) => [row.hash, row]));
  }

  /**
   * @param {{ name: string, scope: Scope, account?: string, expiresOn?: number | null }} request
   * @returns {Promise<{ row: TokenRow, secret: string }>} the only time that the secret is known
   * @throws {WorkflowError}
   */
  async create({ name, scope, account = DEFAULT_ACCOUNT, expiresOn = null }) {
    if (name.length === 0 || name.length > MAX_NAME)
      throw new WorkflowError("token.invalid", `A token's name has 1 to ${MAX_NAME} characters, not ${name.length}.`);
    if (!isAccountName(account))
      throw new WorkflowError(
        "token.invalid",
        `Account ${JSON.stringify(account)} is not allowed: 1 to 64 letters, digits, "-" or "_", not beginning with "-"`,
      );
    const secret = `${PREFIX}${randomBytes(SECRET_BYTES).toString("base64url")}`;
    /** @type {TokenRow} */
    const row = {
      id: randomBytes(ID_BYTES).toString("hex"),
      name,
      hash: hashOf(secret),
      scope,
      account,
      createdOn: this.#now(),
      expiresOn,
      revokedOn: null,
    };
    await this.#storage.created(row);
    this.#rows.set(row.hash, row);
    return { row, secret };
  }

  /** @returns {TokenRow[]} in order of their creation */
  list() {
    return [...this.#rows.values()].toSorted((a, b) => a.createdOn - b.createdOn);
  }

  /**
   * Tokens that are revoked stay in the list. To revoke one again changes nothing.
   *
   * @param {string} id
   * @returns {Promise<TokenRow>}
   * @throws {WorkflowError} it is not known
   */
  async revoke(id) {
    const row = this.list().find((each) => each.id === id);
    if (!row) throw new WorkflowError("token.not_found", `(token.not_found) Token does not exist: ${id}`);
    if (row.revokedOn !== null) return row;
    const revoked = { ...row, revokedOn: this.#now() };
    // From now on, whatever becomes of the commit: a token that is to go must not be used meanwhile.
    this.#rows.set(row.hash, revoked);
    await this.#storage.revoked(id, revoked.revokedOn);
    return revoked;
  }

  /**
   * @param {string} secret
   * @returns {TokenRow | undefined} unless it is unknown, revoked or expired
   */
  find(secret) {
    const row = this.#rows.get(hashOf(secret));
    if (!row || row.revokedOn !== null) return undefined;
    return row.expiresOn !== null && row.expiresOn <= this.#now() ? undefined : row;
  }

  /** Whether a token, usable or not, is for this account. @param {string} account */
  knowsAccount(account) {
    return [...this.#rows.values()].some((row) => row.account === account);
  }
}

/** @param {string} secret */
function hashOf(secret) {
  return createHash("sha256").update(secret).digest("hex");
}

/** Whether *scope* allows what needs *needed*. @param {Scope} scope @param {Scope} needed */
export function allows(scope, needed) {
  return SCOPES.indexOf(scope) >= SCOPES.indexOf(needed);
}
