/** Lists of instances: of one workflow, or of all workflows of an account. */

/** @import { Operation } from "../operation.js" */
/** @import { Api } from "../app.js" */

import { workflowKey } from "../../../engine/accounts.js";
import { Page } from "../envelope.js";
import { instanceJson } from "../json.js";
import { fromCursor, fromSortCursor, toCursor, toSortCursor } from "../pages.js";
import { HttpRefusal, INTERNAL_ERROR } from "../refusal.js";
import * as S from "../schemas.js";
import { answerWithAllEvents } from "../subscribe_all.js";

/** The local explorer's code for dates the wrong way round. */
const INVERTED_DATES = 10502;

/** @param {Api} api @returns {Operation[]} */
export function listOperations(api) {
  return [
    {
      id: "listInstances",
      method: "get",
      path: "/workflows/:workflow_name/instances",
      summary: "List the instances of a workflow, the newest first.",
      scope: "read",
      query: S.instancesQuery,
      result: S.instanceResult,
      list: true,
      run: async ({ account, params, query, caller }) => {
        const { name } = await api.engine.workflow(workflowKey(account, params.workflow_name));
        return listPage(api, { workflow: name, query, reader: `${caller.reader} ${name}` });
      },
    },
    {
      id: "listAllInstances",
      method: "get",
      path: "/workflows/-/instances",
      summary: "List the instances of all workflows, the newest first.",
      scope: "read",
      query: S.instancesQuery,
      result: S.instanceResult,
      list: true,
      run: ({ account, query, caller }) => listPage(api, { account, query, reader: `${caller.reader} ${account}/` }),
    },
    {
      id: "subscribeAll",
      method: "get",
      path: "/workflows/-/subscribe",
      summary: "Events of all instances from now on, without params and outputs, as server-sent events.",
      scope: "read",
      query: S.subscribeAllQuery,
      result: S.successResult,
      media: "text/event-stream",
      run: async ({ account, query, context }) => {
        const workflow = query.workflow === undefined ? undefined : workflowKey(account, query.workflow);
        if (workflow !== undefined) await api.engine.workflow(workflow);
        const types = query.filter === undefined ? undefined : [query.filter].flat();
        return answerWithAllEvents(api.host, { account, workflow, types }, (key) => maskFor(api.host, key), context);
      },
    },
  ];
}

/** @param {Api["host"]} host @param {string} key of a workflow; undefined where it is gone, and its variables with it */
function maskFor(host, key) {
  return host.engine.workflow(key).then(
    (row) => host.maskFor(row),
    () => undefined,
  );
}

/**
 * @param {Pick<Api, "engine" | "pages">} api
 * @param {{ workflow?: string, account?: string, query: any, reader: string }} request `reader`: who pages through what
 */
export async function listPage({ engine, pages }, { workflow, account, query, reader }) {
  const { cursor, page, per_page, status, direction, date_start, date_end, search } = query;
  if (cursor !== undefined && page !== undefined)
    throw new HttpRefusal(400, INTERNAL_ERROR, "cursor and page exclude each other. Leave one of them out.");
  if ((query.order_by ?? "created") !== "created") return sortedPage(engine, { workflow, account, query });
  if (date_start !== undefined && date_end !== undefined && date_start > date_end)
    throw new HttpRefusal(400, INVERTED_DATES, "date_start must not be after date_end.");
  const ascending = direction === "asc";
  const filter = { workflow, account, status, search, createdFrom: date_start, createdTo: date_end };
  const number = page ?? 1;
  const who = JSON.stringify([reader, status, search, date_start, date_end, ascending, per_page]);
  const remembered = cursor === undefined && number > 1 ? pages.placeOf(who, number) : undefined;
  const place = cursor === undefined ? remembered : fromCursor(cursor);
  const offset = place === undefined ? (number - 1) * per_page : 0;
  // Only the first page of a list that begins with the oldest has to know where it ends.
  const until = place?.until ?? (ascending ? await engine.lastNumber() : undefined);
  const { rows, total } = await engine.list({
    ...filter,
    ascending,
    after: place?.after,
    until,
    limit: per_page,
    offset,
  });
  const next = rows.length < per_page ? undefined : { after: rows[rows.length - 1].number, until };
  const last = rows.at(-1);
  if (cursor === undefined && last) pages.remember(who, number + 1, { after: last.number, until });
  return new Page(rows.map(instanceJson), {
    count: rows.length,
    ...(cursor === undefined ? { page: number } : {}),
    per_page,
    total_count: total,
    total_pages: Math.ceil(total / per_page),
    ...(next === undefined ? {} : { cursor: toCursor(next) }),
  });
}

/**
 * A page in another order than that of creation. What an index cannot find is refused, since it would hold up the engine.
 *
 * @param {Api["engine"]} engine
 * @param {{ workflow?: string | undefined, account?: string | undefined, query: any }} request
 */
async function sortedPage(engine, { workflow, account, query }) {
  const { cursor, page = 1, per_page, status, direction, order_by } = query;
  for (const name of ["search", "date_start", "date_end"])
    if (query[name] !== undefined)
      throw new HttpRefusal(400, INTERNAL_ERROR, `order_by=${order_by} excludes ${name}. Leave one of them out.`);
  if (page > 1)
    throw new HttpRefusal(400, INTERNAL_ERROR, `order_by=${order_by} has no page ${page}. Use result_info.cursor.`);
  const { rows, next, total } = await engine.sorted({
    by: order_by,
    ascending: direction === "asc",
    workflow,
    account,
    status,
    place: cursor === undefined ? undefined : fromSortCursor(cursor),
    limit: per_page,
  });
  return new Page(rows.map(instanceJson), {
    count: rows.length,
    ...(cursor === undefined ? { page } : {}),
    per_page,
    total_count: total,
    total_pages: Math.ceil(total / per_page),
    ...(next === null ? {} : { cursor: toSortCursor(next) }),
  });
}
