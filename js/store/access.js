/** Tokens, and the audit log: the tables of who may call and who has changed what. */

/** @import { AuditEntry, AuditRow, TokenRow } from "./access_rows.d.ts" */
/** @import { Sql } from "./statements.js" */

/**
 * Older entries of the audit log go. Those of workflows' code have a share of their own: code that changes instances in a
 * loop removes no entry of people.
 */
const MAX_ENTRIES = { people: 100_000, code: 10_000 };
/** By how many entries the log may be too long. */
const TRIM = 1000;
/** Names of people's tokens end with a bracket. */
const BY_CODE = "((actor LIKE 'instance % of workflow %' OR actor LIKE 'handler of Worker %') AND actor NOT LIKE '%)')";

export class SqliteAccess {
  #sql;
  /** How many entries there are, once it is known. @type {{ people: number, code: number } | undefined} */
  #entries;

  /** @param {Sql} sql */
  constructor(sql) {
    this.#sql = sql;
  }

  /** @returns {TokenRow[]} */
  loadTokens() {
    return /** @type {TokenRow[]} */ (
      this.#sql(
        `SELECT id, name, hash, scope, account, created_on AS createdOn, expires_on AS expiresOn, revoked_on AS revokedOn
         FROM tokens ORDER BY created_on, id`,
      ).all()
    );
  }

  /** @param {TokenRow} token */
  tokenCreated({ id, name, hash, scope, account, createdOn, expiresOn }) {
    this.#sql(
      "INSERT INTO tokens (id, name, hash, scope, account, created_on, expires_on) VALUES (?, ?, ?, ?, ?, ?, ?)",
    ).run(id, name, hash, scope, account, createdOn, expiresOn);
  }

  /** @param {string} id @param {number} at */
  tokenRevoked(id, at) {
    this.#sql("UPDATE tokens SET revoked_on = ? WHERE id = ?").run(at, id);
  }

  /** @param {AuditEntry} entry @returns {number} its number */
  auditBegun({ at, actor, action, workflow, instance, detail }) {
    const { lastInsertRowid } = this.#sql(
      "INSERT INTO audit (at, actor, action, workflow, instance, detail) VALUES (?, ?, ?, ?, ?, ?)",
    ).run(at, actor, action, workflow, instance, detail);
    const number = Number(lastInsertRowid);
    this.#trim(number);
    return number;
  }

  /** @param {number} number of the entry that has been added */
  #trim(number) {
    const counted = this.#entries;
    const entries = (this.#entries ??= this.#countEntries());
    const kind = this.#sql(`SELECT ${BY_CODE} AS byCode FROM audit WHERE number = ?`).get(number)?.byCode
      ? "code"
      : "people";
    if (counted) entries[kind] += 1;
    if (entries[kind] < MAX_ENTRIES[kind] + TRIM) return;
    const condition = kind === "code" ? BY_CODE : `NOT ${BY_CODE}`;
    const { changes } = this.#sql(
      `DELETE FROM audit WHERE number IN (SELECT number FROM audit WHERE ${condition} ORDER BY number LIMIT ?)`,
    ).run(entries[kind] - MAX_ENTRIES[kind]);
    entries[kind] -= Number(changes);
  }

  /** @returns {{ people: number, code: number }} */
  #countEntries() {
    const { all, code } = /** @type {{ all: number, code: number }} */ (
      this.#sql(`SELECT count(*) AS "all", total(${BY_CODE}) AS code FROM audit`).get()
    );
    return { people: all - code, code };
  }

  /** @param {number} number @param {string} outcome */
  auditEnded(number, outcome) {
    this.#sql("UPDATE audit SET outcome = ? WHERE number = ?").run(outcome, number);
  }

  /** @param {{ limit: number, before?: number | undefined }} page the newest first @returns {AuditRow[]} */
  loadAudit({ limit, before = Number.MAX_SAFE_INTEGER }) {
    return /** @type {AuditRow[]} */ (
      this.#sql(
        `SELECT number, at, actor, action, workflow, instance, detail, outcome FROM audit
         WHERE number < ? ORDER BY number DESC LIMIT ?`,
      ).all(before, limit)
    );
  }
}
