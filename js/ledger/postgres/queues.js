/** Which queues have messages, in PostgreSQL. */

/** @import { Query } from "./calls.js" */

import { partOfQueue } from "../parts.js";
import { fromText } from "./values.js";

/**
 * The queues of parts that have messages. A message names its queue and not its part, which a hash of the name says: so the names
 * are read first.
 *
 * @param {number[]} parts
 * @param {string} schema a quoted identifier
 * @param {Query} query
 * @returns {Promise<string[]>} their keys
 */
export async function queuesOf(parts, schema, query) {
  const rows = await query(`SELECT DISTINCT queue FROM ${schema}.queue_messages`, []);
  return rows.map(([queue]) => fromText(queue)).filter((queue) => parts.includes(partOfQueue(queue)));
}
