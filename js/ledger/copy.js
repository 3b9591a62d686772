/** Copies a whole state from one place to another: an SQLite file or a ledger. Rows go over as they are, but for where code is. */

/** @import { Driver } from "../store/driver.d.ts" */
/** @import { Batch, Value } from "./ledger.d.ts" */
/** @import { DatabaseSync } from "node:sqlite" */

import { batchOf } from "./batch.js";
import { TABLES } from "./tables.js";

/** How many rows are handed over at once. */
const PORTION_ROWS = 2000;
const PORTION_CHARACTERS = 8 * 1024 * 1024;

/** Gives the rows of a table in the order of its key. @typedef {(table: string) => AsyncIterable<Value[][]>} ReadTable */

/** The rows of a table of an SQLite file. @param {DatabaseSync} driver @returns {ReadTable} */
export function tablesOf(driver) {
  return async function* read(table) {
    const { keys, columns } = TABLES[table];
    const list = (/** @type {string[]} */ names) => names.map((name) => `"${name}"`).join(", ");
    const select = driver.prepare(`SELECT ${list(Object.keys(columns))} FROM ${table} ORDER BY ${list(keys)}`);
    /** @type {Value[][]} */
    let rows = [];
    let characters = 0;
    for (const found of select.iterate()) {
      const row = /** @type {Value[]} */ (Object.values(found));
      rows.push(row);
      characters += charactersOf(row);
      if (rows.length < PORTION_ROWS && characters < PORTION_CHARACTERS) continue;
      yield rows;
      rows = [];
      characters = 0;
    }
    if (rows.length > 0) yield rows;
  };
}

/**
 * Columns that say where code is from where the state is, and how: as a path, or as the folder of an object in JSON.
 *
 * @type {Record<string, Record<string, (value: string, move: (path: string) => string) => string>>}
 */
const PLACES = {
  workflows: {
    root: (path, move) => move(path),
    main: (path, move) => move(path),
    secrets: (text, move) => {
      const source = JSON.parse(text);
      return JSON.stringify({ ...source, folder: move(source.folder) });
    },
  },
  versions: { main: (path, move) => move(path) },
};

/**
 * The same rows, where code is said from another place.
 *
 * @param {ReadTable} readTable
 * @param {(path: string) => string} move
 * @returns {ReadTable}
 */
export function withPlaces(readTable, move) {
  return async function* read(table) {
    const columns = Object.keys(TABLES[table].columns);
    const places = Object.entries(PLACES[table] ?? {}).map(([name, change]) => ({ at: columns.indexOf(name), change }));
    for await (const rows of readTable(table)) {
      yield rows.map((row) => {
        const moved = [...row];
        for (const { at, change } of places) if (row[at] !== null) moved[at] = change(String(row[at]), move);
        return moved;
      });
    }
  };
}

/** @param {Value[]} row */
export function charactersOf(row) {
  return row.reduce((/** @type {number} */ sum, value) => sum + (typeof value === "string" ? value.length : 0), 0);
}

/** Whether the state has Durable Objects, whose files are no tables. @param {DatabaseSync} driver */
export function hasObjects(driver) {
  return driver.prepare("SELECT 1 FROM objects LIMIT 1").get() !== undefined;
}

/**
 * Write all rows into the empty tables of an SQLite.
 *
 * @param {Driver} driver
 * @param {ReadTable} readTable
 * @returns {Promise<Record<string, number>>} how many rows each table has
 */
export async function fill(driver, readTable) {
  /** @type {Record<string, number>} */
  const counts = {};
  for (const [table, { columns }] of Object.entries(TABLES)) {
    const names = Object.keys(columns);
    const insert = driver.prepare(
      `INSERT INTO ${table} (${names.map((name) => `"${name}"`).join(", ")}) VALUES (${names.map(() => "?").join(", ")})`,
    );
    counts[table] = 0;
    for await (const rows of readTable(table)) {
      driver.exec("BEGIN");
      for (const row of rows) insert.run(...row);
      driver.exec("COMMIT");
      counts[table] += rows.length;
    }
  }
  return counts;
}

/** All rows as batches. @param {ReadTable} readTable @returns {AsyncGenerator<Batch>} */
export async function* batchesOf(readTable) {
  for (const [table, { keys, columns }] of Object.entries(TABLES)) {
    const places = keys.map((key) => Object.keys(columns).indexOf(key));
    for await (const rows of readTable(table)) {
      yield batchOf(
        rows.map((row) => {
          const values = places.map((place) => row[place]);
          return { table, key: values.join("\0"), keys: values, row };
        }),
      );
    }
  }
}
