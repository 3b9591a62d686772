/** Tokens, and the audit log: the tables of who may call and who has changed what. */

/** @import { AuditEntry, AuditRow, TokenRow } from "./access_rows.d.ts" */
/** @import { Sql } from "./statements.js" */

/** Older entries of the audit log go. */
const MAX_AUDIT_ENTRIES = 100_000;

export class SqliteAccess {
  #sql;

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
    this.#sql("DELETE FROM audit WHERE number <= ?").run(number - MAX_AUDIT_ENTRIES);
    return number;
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
