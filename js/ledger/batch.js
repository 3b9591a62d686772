/** What one write brings to a ledger: the last change of each row. */

/** @import { Batch, Change } from "./ledger.d.ts" */

/**
 * Changes as a batch: the last one of each row.
 *
 * @param {Change[]} changes
 * @returns {Batch}
 */
export function batchOf(changes) {
  const batch = new Map();
  addChanges(batch, changes);
  return batch;
}

/** @param {Map<string, Map<string, Change>>} batch @param {Change[]} changes that were made after those of the batch */
export function addChanges(batch, changes) {
  for (const change of changes) {
    let rows = batch.get(change.table);
    if (!rows) batch.set(change.table, (rows = new Map()));
    rows.set(change.key, change);
  }
}
