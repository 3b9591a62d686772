/** SQL over spans and logs, as the local explorer has it. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { queryTables } from "../../js/server/trace_query/run_query.js";
import { statementProblem } from "../../js/server/trace_query/statement.js";
import { served } from "./served.js";

const QUERY = "/local/observability/query";
const ROW = ["1".repeat(32), "2".repeat(16), null, "app", "workflow flow", "workflow", 5, 7, "ok", null, "{}", ""];

/** @returns {import("../engine/fake_guest.js").Run} */
function flow() {
  return async (_event, step) => {
    await step.do("pay", {}, async () => 1);
    await step.waitForEvent("approval", { type: "go", timeout: "1 hour" });
  };
}

test("spans of instances are rows, as the explorer has them", async () => {
  const { harness, explorer } = await served(flow());
  await harness.create();
  await harness.settle();

  const sql =
    "SELECT name, kind, duration_ms IS NULL AS open, outcome, json(attributes) ->> 'workflow.instance.id' AS id FROM spans ORDER BY rowid";
  const answer = await explorer(QUERY, "POST", { sql });

  assert.deepEqual(answer.result, {
    columns: ["name", "kind", "open", "outcome", "id"],
    rows: [
      ["workflow flow", "workflow", 1, null, "i1"],
      ["pay", "step", 0, "ok", "i1"],
      ["pay attempt 1", "attempt", 0, "ok", "i1"],
      ["approval", "wait", 1, null, "i1"],
    ],
  });
});

test("values are bound to question marks", async () => {
  const { harness, explorer } = await served(flow());
  await harness.create();
  await harness.settle();

  const { result } = await explorer(QUERY, "POST", { sql: "SELECT name FROM spans WHERE name = ?;", params: ["pay"] });

  assert.deepEqual(result.rows, [["pay"]]);
});

for (const [sql, message] of [
  ["DELETE FROM spans", "Only read-only SELECT/WITH queries are allowed"],
  ["ATTACH 'x.sqlite' AS x", "Only read-only SELECT/WITH queries are allowed"],
  ["SELECT 1; DROP TABLE spans", "Only a single statement is allowed"],
  ["WITH x AS (SELECT 1) DELETE FROM spans", "attempt to write a readonly database"],
  ["SELECT nonsense FROM spans", "no such column: nonsense"],
]) {
  test(`${sql} is refused`, async () => {
    const { explorer } = await served(flow());

    const { status, errors } = await explorer(QUERY, "POST", { sql });

    assert.deepEqual([status, errors[0].code, errors[0].message], [400, 10131, message]);
  });
}

test("marks inside of texts and comments are no statements", () => {
  for (const sql of ["SELECT ';' -- ; DROP", '/* ; */ select "a;b" ;', "WITH a AS (SELECT 1) SELECT * FROM a"])
    assert.equal(statementProblem(sql), undefined);
  assert.match(statementProblem("/* select */ pragma user_version") ?? "", /Only read-only/);
});

test("a query without end is stopped", async () => {
  const endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n";

  const answer = await queryTables({ spans: [ROW], logs: [] }, { sql: endless, params: [] }, 1500);

  assert.match("error" in answer ? answer.error : "", /The query was stopped: it takes longer than 1.5 s/);
});

test("an answer has at most 10,000 rows", async () => {
  const many = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 20000) SELECT x FROM n";

  const answer = await queryTables({ spans: [ROW], logs: [] }, { sql: many, params: [] }, 60_000);

  assert.equal("rows" in answer ? answer.rows.length : answer.error, 10_000);
});
