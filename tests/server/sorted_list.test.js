/** Lists of instances in other orders than that of their creation: page by page, of one workflow and of all. */

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { served } from "./served.js";

/** @type {import("../engine/fake_guest.js").Run} */
const flow = async ({ payload }, step) => {
  if (payload.sleeps) await step.sleep("nap", payload.sleeps);
  if (payload.fails) throw new Error("no");
  return 1;
};

/** @type {Awaited<ReturnType<typeof served>>} */
let on;
/** @type {any[]} */
let all;

before(async () => {
  on = await served(flow);
  const ids = ["m", "b", "z", "a", "k", "c", "y", "d"];
  for (const [index, id] of ids.entries()) {
    const params = { sleeps: index % 3 === 0 ? (8 - index) * 1000 : 0, fails: index % 4 === 1 };
    await on.ask("", "POST", { instance_id: id, params });
    await on.harness.pass(7);
  }
  await on.harness.pass(6000);
  // Of another workflow, and in statuses that these instances do not reach.
  on.harness.db.exec(`INSERT INTO instances
      (workflow, id, status, params, "trigger", version_id, created_on, modified_on, started_on, ended_on, paused_on)
    VALUES ('other', 'q', 'queued', 'null', 0, 'v1', 5, 5, NULL, NULL, NULL),
           ('other', 'p', 'paused', 'null', 0, 'v1', 6, 6, 3, NULL, 4),
           ('other', 't', 'terminated', 'null', 0, 'v1', 7, 7, NULL, 9, NULL),
           ('other', 'aa', 'complete', 'null', 0, 'v1', 8, 8, 3, 3, NULL)`);
  all = (await list("-", "per_page=100")).result;
});

/** @param {string} workflow @param {string} query @returns {Promise<any>} */
async function list(workflow, query) {
  const response = await on.app.request(`http://x/workflows/${workflow}/instances?${query}`);
  return response.json();
}

/** All pages. @param {string} workflow @param {string} query */
async function pages(workflow, query) {
  const found = [];
  let cursor = "";
  do {
    const page = await list(workflow, `${query}&per_page=3${cursor && `&cursor=${cursor}`}`);
    assert.deepEqual(page.errors, []);
    found.push(...page.result);
    cursor = page.result_info.cursor ?? "";
  } while (cursor);
  return found.map(({ id }) => id);
}

const STATUSES = [
  "running",
  "rollingBack",
  "waitingForPause",
  "waiting",
  "queued",
  "paused",
  "errored",
  "terminated",
  "complete",
];
/** Instances stand in the order of their creation, the newest first. @type {Record<string, (sign: number) => (a: any, b: any) => number>} */
const ORDERS = {
  started: (sign) => byTime("started_on", sign),
  ended: (sign) => byTime("ended_on", sign),
  id: (sign) => (a, b) => sign * (compare(a.workflow_id, b.workflow_id) || compare(a.id, b.id)),
  status: (sign) => (a, b) => sign * (STATUSES.indexOf(a.status) - STATUSES.indexOf(b.status)),
};

/** @param {string} a @param {string} b */
const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

/** Those without the time come last. @param {string} key @param {number} sign */
function byTime(key, sign) {
  return (/** @type {any} */ a, /** @type {any} */ b) => {
    if (a[key] === null || b[key] === null) return Number(a[key] === null) - Number(b[key] === null);
    return sign * compare(a[key], b[key]) || sign * (all.indexOf(b) - all.indexOf(a));
  };
}

for (const by of Object.keys(ORDERS))
  for (const direction of ["asc", "desc"])
    for (const workflow of ["-", "flow"])
      test(`pages by ${by}, ${direction}, of ${workflow === "-" ? "all workflows" : "one workflow"}`, async () => {
        const of = all.filter(({ workflow_id }) => workflow === "-" || workflow_id === workflow);
        const expected = of.toSorted(ORDERS[by]?.(direction === "asc" ? 1 : -1));

        const found = await pages(workflow, `order_by=${by}&direction=${direction}`);

        assert.deepEqual(
          found,
          expected.map(({ id }) => id),
        );
      });

test("a status goes with each order", async () => {
  const expected = all.filter(({ status }) => status === "complete").toSorted(ORDERS.ended?.(1));

  const found = await pages("-", "order_by=ended&direction=asc&status=complete");

  assert.deepEqual(
    found,
    expected.map(({ id }) => id),
  );
});

test("each status is found by its own index, few or many", async () => {
  for (const status of STATUSES) {
    const expected = all.filter((each) => each.status === status).map(({ id }) => id);

    assert.deepEqual(await pages("-", `status=${status}`), expected, status);
    assert.deepEqual(await pages("-", `order_by=status&status=${status}`), expected, status);
  }
});

for (const [query, message] of /** @type {const} */ ([
  ["order_by=length", /order_by/],
  ["order_by=ended&search=a", /order_by=ended excludes search/],
  ["order_by=ended&date_start=2026-01-01", /order_by=ended excludes date_start/],
  ["order_by=ended&page=2", /has no page 2\. Use result_info\.cursor/],
  ["order_by=ended&cursor=WzFd", /cursor: is not a cursor of this list/],
]))
  test(`${query} is refused`, async () => {
    const { errors } = await list("-", query);

    assert.match(errors[0].message, message);
  });
