/**
 * The state that an engine works on, beside the ledger that holds the truth: an SQLite in memory, whose commits say which
 * rows they have changed.
 */

/** @import { Change, Ledger, Value } from "./ledger.d.ts" */

import { DatabaseSync } from "node:sqlite";
import { SqliteStore } from "../store/sqlite.js";
import { CommonRows } from "./common_rows.js";
import { fill } from "./copy.js";
import { LineIds } from "./line_ids.js";
import { rowNumbers, NUMBERS_OF_ENGINE } from "./row_numbers.js";
import { partOf, partOfQueue } from "./parts.js";
import { RecordingDriver } from "./recording_driver.js";
import { COMMON, OF_INSTANCES, OF_PARTS, TABLES } from "./tables.js";

/** Rows by table. @typedef {Map<string, Value[][]>} Rows */

export class WorkingSet extends SqliteStore {
  /** For what reads the whole: backups, run files. */
  driver;
  /** @type {(changes: Change[]) => void} */
  #onchanges;
  /** What the open transaction has changed, in order. */
  #changes;
  #common = new CommonRows();
  /** Of an engine that shares the state. @type {LineIds | undefined} */
  #lineIds;
  /** How many commits have changed what all engines have in common. */
  commonCommits = 0;

  /** @param {(changes: Change[]) => void} onchanges receives what a commit has changed */
  constructor(onchanges) {
    const driver = new DatabaseSync(":memory:");
    /** @type {Change[]} */
    const changes = [];
    super(new RecordingDriver(driver, (change) => changes.push(change)));
    this.driver = driver;
    this.#changes = changes;
    this.#onchanges = onchanges;
  }

  /** Fill the empty working set with all that the ledger has; of instances and queues, those of *parts*. @param {Pick<Ledger, "readTable">} ledger @param {number[]} [parts] */
  async load(ledger, parts) {
    await fill(this.driver, (table) => ledger.readTable(table, parts));
    this.#common.learn(this.driver);
  }

  /** Give no number that another engine gives to a row of a table that all write. @param {number} engine its id */
  countFor(engine) {
    this.#lineIds = new LineIds(engine);
    this.#followLines();
    const insert = this.driver.prepare("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)");
    const remove = this.driver.prepare("DELETE FROM sqlite_sequence WHERE name = ?");
    remove.run("audit");
    insert.run("audit", engine * NUMBERS_OF_ENGINE);
    this.traceOutbox.nextNumber = rowNumbers(engine);
    this.queues.nextNumber = rowNumbers(engine);
  }

  /** Read what belongs to instances and queues of parts, without taking it in. @param {Pick<Ledger, "readTable">} ledger @param {number[]} parts */
  readParts(ledger, parts) {
    return readRows(ledger, OF_PARTS, parts);
  }

  /** Read what all engines have in common. @param {Pick<Ledger, "readTable">} ledger */
  readCommon(ledger) {
    return readRows(ledger, COMMON);
  }

  /** @param {number} number @param {import("../store/store.d.ts").OutputRow[]} rows */
  outputWritten(number, rows) {
    if (!this.#lineIds) return super.outputWritten(number, rows);
    const insert = this.sql("INSERT INTO output (id, instance, at, step, level, text) VALUES (?, ?, ?, ?, ?, ?)");
    for (const row of rows) insert.run(this.#lineIds.next(row.at), number, row.at, row.step, row.level, row.text);
    this.observer?.printed(number, rows);
  }

  #followLines() {
    const last = this.driver.prepare("SELECT max(id) AS id FROM output").get()?.id;
    this.#lineIds?.follow(Number(last ?? 0));
  }

  /**
   * Take in rows that the ledger has. They are not recorded: they are no changes. No transaction may be open.
   *
   * @param {Rows} rows
   * @returns {number[]} the instances among them
   */
  adopt(rows) {
    this.#withoutRecord(() => {
      for (const [table, each] of rows) {
        const names = Object.keys(TABLES[table].columns);
        const list = names.map(quoted).join(", ");
        const insert = this.driver.prepare(
          `INSERT OR REPLACE INTO ${table} (${list}) VALUES (${names.map(() => "?").join(", ")})`,
        );
        for (const row of each) insert.run(...row);
      }
    });
    this.#followLines();
    const number = Object.keys(TABLES.instances.columns).indexOf("number");
    return (rows.get("instances") ?? []).map((row) => Number(row[number]));
  }

  /**
   * Take in what all engines have in common: what others have changed of it.
   *
   * A workflow whose code this engine has in another version stays as it is here. How far a schedule is carried out is for the holder of its part
   * to say.
   *
   * @param {Rows} rows
   * @param {(part: number) => boolean} isHeld
   */
  adoptCommon(rows, isHeld) {
    const known = new Map(this.loadWorkflows().map(({ name, versionId }) => [name, versionId]));
    const columns = Object.keys(TABLES.workflows.columns);
    const [name, version, deleted] = ["name", "version_id", "deleted_on"].map((each) => columns.indexOf(each));
    const isAdopted = (/** @type {Value[]} */ row) =>
      row[deleted] !== null || (known.get(String(row[name])) ?? row[version]) === row[version];
    const isOfOthers = (/** @type {unknown} */ workflow, /** @type {unknown} */ cron) =>
      !isHeld(partOf(String(workflow), String(cron)));
    const schedules = rows.get("schedules") ?? [];
    const ownNames = new Set(this.loadSchedules().map(({ workflow, cron }) => `${workflow}\0${cron}`));
    this.#removeUnlisted(rows);
    this.adopt(
      new Map([
        ["workflows", (rows.get("workflows") ?? []).filter(isAdopted)],
        ["versions", rows.get("versions") ?? []],
        ["tokens", rows.get("tokens") ?? []],
        ["bulk_jobs", rows.get("bulk_jobs") ?? []],
        [
          "schedules",
          schedules.filter(([workflow, cron]) => isOfOthers(workflow, cron) || !ownNames.has(`${workflow}\0${cron}`)),
        ],
      ]),
    );
    this.#common.learn(this.driver);
  }

  /** Remove what others have removed of tables that all engines read. It is not recorded. @param {Rows} rows all of them */
  #removeUnlisted(rows) {
    this.#withoutRecord(() => {
      for (const table of COMMON) {
        const { keys, columns } = TABLES[table];
        const places = keys.map((key) => Object.keys(columns).indexOf(key));
        const listed = new Set((rows.get(table) ?? []).map((row) => places.map((place) => row[place]).join("\0")));
        const remove = this.driver.prepare(
          `DELETE FROM ${table} WHERE ${keys.map((key) => `${quoted(key)} = ?`).join(" AND ")}`,
        );
        for (const found of this.driver.prepare(`SELECT ${keys.map(quoted).join(", ")} FROM ${table}`).all()) {
          const values = Object.values(found);
          if (!listed.has(values.join("\0"))) remove.run(...values);
        }
      }
    });
  }

  /** @param {number} number of an instance @param {number} part */
  isOfPart(number, part) {
    const named = this.nameOf(number);
    return named !== undefined && partOf(named.workflow, named.id) === part;
  }

  /** Forget instances, which another engine is to have. It is not recorded. No transaction may be open. @param {number[]} numbers */
  drop(numbers) {
    const all = JSON.stringify(numbers);
    this.#withoutRecord(() => {
      for (const [table, column] of Object.entries(OF_INSTANCES))
        this.driver.prepare(`DELETE FROM ${table} WHERE ${column} IN (SELECT value FROM json_each(?))`).run(all);
    });
  }

  /** Forget the messages of a part's queues, in the same way. @param {number} part */
  dropQueues(part) {
    const queues = this.driver.prepare("SELECT DISTINCT queue FROM queue_messages").all();
    const remove = this.driver.prepare("DELETE FROM queue_messages WHERE queue = ?");
    this.#withoutRecord(() => {
      for (const { queue } of queues) if (partOfQueue(String(queue)) === part) remove.run(queue);
    });
  }

  /** The instances of a part. @param {number} part @returns {number[]} */
  numbersOf(part) {
    const rows = this.driver.prepare("SELECT number, workflow, id FROM instances").all();
    return rows
      .filter(({ workflow, id }) => partOf(String(workflow), String(id)) === part)
      .map(({ number }) => Number(number));
  }

  /** Change rows by the database itself, which records nothing. @param {() => void} change */
  #withoutRecord(change) {
    this.driver.exec("BEGIN");
    try {
      change();
      this.driver.exec("COMMIT");
    } catch (error) {
      this.driver.exec("ROLLBACK");
      throw error;
    } finally {
      this.forgetWorkflows();
    }
  }

  commit() {
    super.commit();
    const changes = this.#common.adopt(this.#changes.splice(0));
    if (changes.some(({ table }) => COMMON.includes(table))) this.commonCommits += 1;
    if (changes.length > 0) this.#onchanges(changes);
  }

  rollback() {
    this.#changes.length = 0;
    super.rollback();
  }
}

/** @param {Pick<Ledger, "readTable">} ledger @param {string[]} tables @param {number[]} [parts] @returns {Promise<Rows>} */
async function readRows(ledger, tables, parts) {
  /** @type {Rows} */
  const found = new Map();
  for (const table of tables) {
    /** @type {Value[][]} */
    const all = [];
    for await (const rows of ledger.readTable(table, parts)) all.push(...rows);
    found.set(table, all);
  }
  return found;
}

/** @param {string} name */
function quoted(name) {
  return `"${name}"`;
}
