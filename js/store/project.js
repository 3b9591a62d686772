/**
 * What a page keeps beside its state, in a database of its own: the project in the editor, and the files of each version
 * that has been deployed.
 *
 * Each function is one transaction.
 */

/** @import { Driver } from "./driver.d.ts" */

/** Versions that are kept although no workflow has them any more: an instance's source can still be looked at. */
const KEPT_VERSIONS = 50;

const TABLES = `
  CREATE TABLE IF NOT EXISTS project (id INTEGER PRIMARY KEY CHECK (id = 1), json TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS versions (
    version_id TEXT PRIMARY KEY,
    main TEXT NOT NULL,
    files TEXT NOT NULL,
    used INTEGER NOT NULL
  ) STRICT;
`;

/** Files of a deployment: text by path. @typedef {{ files: Record<string, string>, main: string }} Source */

export class ProjectStore {
  #db;

  /** @param {Driver} db */
  constructor(db) {
    this.#db = db;
    db.exec(TABLES);
  }

  /** @returns {string | null} JSON */
  loadProject() {
    return this.#db.prepare("SELECT json FROM project").get()?.json ?? null;
  }

  /** @param {string} json */
  projectSaved(json) {
    this.#db.prepare("INSERT INTO project VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET json = excluded.json").run(json);
  }

  /** @param {string} versionId @returns {Source | null} */
  loadVersion(versionId) {
    const row = this.#db.prepare("SELECT main, files FROM versions WHERE version_id = ?").get(versionId);
    return row ? { main: row.main, files: JSON.parse(row.files) } : null;
  }

  /**
   * @param {string} versionId
   * @param {Source} source
   * @param {string[]} inUse versions that workflows have: never forgotten
   */
  versionDeployed(versionId, { files, main }, inUse) {
    this.#db.exec("BEGIN IMMEDIATE");
    try {
      const next = "(SELECT coalesce(max(used), 0) + 1 FROM versions)";
      this.#db
        .prepare(`INSERT INTO versions VALUES (?, ?, ?, ${next}) ON CONFLICT (version_id) DO UPDATE SET used = ${next}`)
        .run(versionId, main, JSON.stringify(files));
      this.#db
        .prepare(
          `DELETE FROM versions WHERE used <= (SELECT max(used) FROM versions) - ?
           AND version_id NOT IN (SELECT value FROM json_each(?))`,
        )
        .run(KEPT_VERSIONS, JSON.stringify([versionId, ...inUse]));
      this.#db.exec("COMMIT");
    } catch (error) {
      this.#db.exec("ROLLBACK");
      throw error;
    }
  }

  close() {
    this.#db.close();
  }
}
