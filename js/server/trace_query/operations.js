/** The local explorer's SQL over spans and logs: wrangler's tables, filled from the instances of the state. */

/** @import { Api } from "../api/app.js" */
/** @import { Operation } from "../api/operation.js" */

import { z } from "zod";
import { HttpRefusal } from "../api/refusal.js";
import { queryTables } from "./run_query.js";
import { SCHEMA } from "./schema.js";
import { readTables } from "./tables.js";

/** The explorer's code for a query that is refused. */
const QUERY_REFUSED = 10131;
const query = z.strictObject({
  sql: z.string().max(100_000).describe("One SELECT or WITH statement."),
  params: z
    .array(z.union([z.string(), z.number(), z.boolean(), z.null()]))
    .max(1000)
    .default([])
    .describe("Values for the question marks of the statement, in order."),
});

/** @param {Api} api @returns {Operation[]} */
export function traceOperations({ engine, host }) {
  return [
    {
      id: "queryTraces",
      method: "post",
      path: "/local/observability/query",
      summary: `Run one SQL query over the spans and logs of the newest instances; at most 10,000 rows.\n\n${SCHEMA}`,
      scope: "read",
      body: query,
      result: z.object({ columns: z.string().array(), rows: z.unknown().array().array() }),
      run: async ({ body }) => {
        const answer = await queryTables(await readTables(engine, (row) => host.maskFor(row)), body);
        if ("error" in answer) throw new HttpRefusal(400, QUERY_REFUSED, answer.error);
        return answer;
      },
    },
  ];
}
