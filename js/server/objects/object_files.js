/** Where the files of Durable Objects are, and what they say while no interpreter has them. */

import { createHash } from "node:crypto";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** The latest Date. A file may have a later time, for which the state has no place. */
const LAST_TIME_MS = 8.64e15;

/** Beside the state, so that its owner is theirs. */
const SUFFIX = ".objects";

export class ObjectFiles {
  folder;

  /** @param {string} state path of the state file */
  constructor(state) {
    this.folder = `${state}${SUFFIX}`;
  }

  /**
   * The name of an object's file in the folder; the folder that it is in is there afterwards.
   *
   * @param {string} namespace
   * @param {string} id
   */
  fileOf(namespace, id) {
    const name = nameOf(namespace);
    mkdirSync(join(this.folder, name), { recursive: true, mode: 0o700 });
    return join(name, `${id}.sqlite`);
  }

  /**
   * When the alarm of an object is due that no interpreter has.
   *
   * @param {string} namespace
   * @param {string} id
   * @returns {number | null} ms since 1970
   */
  alarmOf(namespace, id) {
    const file = join(this.folder, nameOf(namespace), `${id}.sqlite`);
    if (!existsSync(file)) return null;
    const db = new DatabaseSync(file);
    try {
      const isMade = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = '_cf_ALARM'").get();
      const row = isMade && db.prepare(`SELECT min(due, ${LAST_TIME_MS}) AS due FROM _cf_ALARM`).get();
      return row ? Number(row.due) : null;
    } finally {
      db.close();
    }
  }
}

/** A name for people that no other namespace has. @param {string} namespace its key */
function nameOf(namespace) {
  const readable = (JSON.parse(namespace).at(-1) ?? "").replaceAll(/[^\w-]/g, "_").slice(0, 60);
  return `${readable}-${createHash("sha256").update(namespace).digest("hex").slice(0, 16)}`;
}
