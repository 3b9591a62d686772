/**
 * Where the logs end that this engine has written, as the ledger has acknowledged them. After a connection was lost they are
 * compared with the database: a standby that was promoted may have less than was acknowledged.
 *
 * A database that goes back loses the end of its write-ahead log, so the instances that were written last show it.
 */

/** @import { Batch, Change } from "./ledger.d.ts" */

import { TABLES } from "./tables.js";

/** How many instances are remembered. */
const REMEMBERED = 1000;
const LOG = Object.keys(TABLES.log.columns);
const [INSTANCE, SEQ, NEXT] = ["instance", "seq", "next"].map((name) => LOG.indexOf(name));

export class Tails {
  /** The number of the last entry by instance, the one that was written last at the end. @type {Map<number, number>} */
  #acknowledged = new Map();

  /** @returns {number[]} the instances to compare */
  get instances() {
    return [...this.#acknowledged.keys()];
  }

  /** The ledger has acknowledged a batch. @param {Batch} batch */
  acknowledge(batch) {
    for (const [instance, tail] of tailsOf(batch)) {
      this.#acknowledged.delete(instance);
      if (tail > 0) this.#acknowledged.set(instance, tail);
    }
    for (const instance of this.#acknowledged.keys()) {
      if (this.#acknowledged.size <= REMEMBERED) return;
      this.#acknowledged.delete(instance);
    }
  }

  /**
   * How many instances the database has in another condition than was acknowledged.
   *
   * @param {Map<number, number>} found in the database
   * @param {Batch} sent of which it is not known whether it was written
   */
  countLost(found, sent) {
    const pending = tailsOf(sent);
    const lost = [...this.#acknowledged].filter(([instance, tail]) => {
      const actual = found.get(instance) ?? 0;
      return actual !== tail && actual !== pending.get(instance);
    });
    return lost.length;
  }
}

/** Where the batch makes logs end; 0: the instance is deleted. @param {Batch} batch */
function tailsOf(batch) {
  /** @type {Map<number, number>} */
  const tails = new Map();
  for (const { row } of rowsOf(batch, "log")) {
    if (!row) continue;
    const instance = Number(row[INSTANCE]);
    const last = Number(row[SEQ]) + (row[NEXT] === null ? 0 : 1);
    tails.set(instance, Math.max(last, tails.get(instance) ?? 0));
  }
  for (const { row, keys } of rowsOf(batch, "instances")) if (!row) tails.set(Number(keys[0]), 0);
  return tails;
}

/** @param {Batch} batch @param {string} table @returns {Iterable<Change>} */
function rowsOf(batch, table) {
  return batch.get(table)?.values() ?? [];
}
