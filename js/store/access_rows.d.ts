/** What the store keeps of who may call, and of who has changed what. Times are ms since 1970, UTC. */

export interface TokenRow {
  id: string;
  name: string;
  /** SHA-256 of the secret, in hexadecimal digits. */
  hash: string;
  scope: "read" | "write" | "admin";
  account: string;
  createdOn: number;
  expiresOn: number | null;
  revokedOn: number | null;
}

export interface AuditEntry {
  at: number;
  actor: string;
  action: string;
  /** Its key, which names the account too. */
  workflow: string | null;
  instance: string | null;
  /** JSON. */
  detail: string | null;
}

/** `outcome`: "done" or "refused: …"; null where the change was cut by a crash, or is under way. */
export interface AuditRow extends AuditEntry {
  number: number;
  outcome: string | null;
}
