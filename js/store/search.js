/**
 * Instances in which a text occurs: in their ids, params, results and errors, in what their steps gave and what failed, and in
 * what they printed. There is no index for that: instances are looked through in portions, the newest first.
 */

/** @import { Sql } from "./statements.js" */
/** @import { MatchPlace, SearchPortion, SearchQuery } from "./store.d.ts" */

import * as E from "../engine/events.js";
import { STATUSES } from "../engine/status.js";
import { ofWorkflows } from "./activity.js";

/** How many instances are looked through at once. */
const PORTION = 20;

/**
 * One portion of the search.
 *
 * @param {Sql} sql
 * @param {SearchQuery} query
 * @returns {SearchPortion}
 */
export function searchPortion(sql, { text, workflow, account, status, before, limit }) {
  const { where, values } = ofWorkflows(workflow, account);
  const known = STATUSES.find((each) => each === status);
  const of = known === undefined ? where : `${where} AND status = '${known}'`;
  const rows = sql(
    `SELECT number, ${has("id")} AS inId, ${has("params")} AS inParams, ${has("output")} AS inOutput, ${has("error")} AS inError
     FROM instances WHERE ${of} AND number < ? ORDER BY number DESC LIMIT ${PORTION}`,
  ).all(...forms(text, 4), ...values, before);
  /** @type {SearchPortion["found"]} */
  const found = [];
  let searched = 0;
  for (const row of rows) {
    if (found.length === limit) break;
    searched += 1;
    const at = ownMatch(row) ?? innerMatch(sql, row.number, text);
    if (at) found.push({ number: row.number, where: at });
  }
  const last = rows[searched - 1];
  const isEnd = rows.length < PORTION && searched === rows.length;
  return { found, next: isEnd || !last ? null : last.number, searched };
}

/** @param {any} row @returns {MatchPlace | undefined} */
function ownMatch({ inId, inParams, inOutput, inError }) {
  if (inId) return "id";
  if (inParams) return "params";
  if (inOutput) return "output";
  return inError ? "error" : undefined;
}

/**
 * In the steps, but for outputs that are not to be shown, and in what was printed.
 *
 * @param {Sql} sql
 * @param {number} number
 * @param {string} text
 * @returns {MatchPlace | undefined}
 */
function innerMatch(sql, number, text) {
  const inSteps = sql(
    `SELECT 1 FROM log AS l WHERE instance = ?
       AND (${has("name")} OR ${has("detail")} OR ${has("value")})
       AND NOT EXISTS (SELECT 1 FROM log AS s WHERE s.instance = l.instance AND s.event = ${E.STEP_START}
         AND s.name = l.name AND s.count = l.count AND instr(s.detail, '"sensitive"') > 0)
     LIMIT 1`,
  ).get(number, ...forms(text, 3));
  if (inSteps) return "step";
  const printed = sql(`SELECT 1 FROM output WHERE instance = ? AND ${has("text")} LIMIT 1`).get(
    number,
    ...forms(text, 1),
  );
  return printed ? "log" : undefined;
}

/** Whether a column has the text, in one of its `forms`. @param {string} column */
function has(column) {
  return `(instr(lower(${column}), ?) > 0 OR instr(lower(${column}), ?) > 0)`;
}

/** A text as people write it, which may be a piece of JSON, and as it stands within a JSON string. @param {string} text @param {number} columns */
function forms(text, columns) {
  const lower = text.toLowerCase();
  const pair = [lower, JSON.stringify(lower).slice(1, -1)];
  return Array.from({ length: columns }, () => pair).flat();
}
