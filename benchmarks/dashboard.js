/**
 * How long people wait for the dashboard: `node benchmarks/dashboard.js [--times N] [--steps N] [--instances N]`.
 *
 * The engine is real, its guests are fake, and everything runs on this machine, so the figures are those of the page and of the
 * requests that it makes. Each stands beside its floor: the same answer fetched and parsed by an empty page, or the rows of the list
 * read from SQLite without the rest. The number of elements of a page is counted, too; tests/browser/dashboard holds it.
 */

import { parseArgs } from "node:util";
import { openDashboard } from "../tests/browser/dashboard/served.js";

const EVENT_PATIENCE_MS = 10_000;
const { values } = parseArgs({
  options: {
    times: { type: "string", default: "5" },
    steps: { type: "string", default: "10000" },
    instances: { type: "string", default: "1000000" },
  },
});
const [times, steps, instances] = [Number(values.times), Number(values.steps), Number(values.instances)];

/** @type {import("../tests/engine/fake_guest.js").Run} */
const flow = async ({ payload }, step) => {
  for (let number = 0; number < (payload.steps ?? 0); number++) await step.do(`part ${number}`, async () => number);
  for (let number = 0; number < (payload.waits ?? 0); number++)
    await step.waitForEvent(`wait ${number}`, { type: "go", timeout: "1 day" });
};

/** @type {Map<string, number[]>} */
const found = new Map();
const note = (/** @type {string} */ what, /** @type {number} */ value) =>
  void found.set(what, [...(found.get(what) ?? []), value]);

const on = await openDashboard(flow, { settings: { stepLimit: steps + 1 } });
try {
  await create("many", { steps });
  while (["queued", "running", "waiting"].includes(await statusOf("many"))) await on.pass();
  if ((await statusOf("many")) !== "complete")
    throw new Error(`The instance of many steps is ${await statusOf("many")}.`);
  await create("live", { waits: times + 1 });
  addInstances(instances);
  for (let turn = 0; turn < times; turn++) {
    await measureInstance();
    await measureEvent(turn);
    await measureList();
  }
} finally {
  await on.close();
}
print();

/** @param {string} id */
async function statusOf(id) {
  return (await on.harness.engine.get("flow", id)).status;
}

/** @param {string} id @param {object} params */
async function create(id, params) {
  await on.harness.engine.creator.create("flow", { id, params: JSON.stringify(params) });
  await on.pass();
}

/** Rows of instances that have ended, as the store has them. @param {number} count */
function addInstances(count) {
  on.harness.db.exec(`INSERT INTO instances
      (number, workflow, id, status, params, "trigger", version_id, created_on, modified_on, started_on, ended_on)
    WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT ${count})
    SELECT x + 1000, 'flow', 'bulk-' || x, 'complete', '{}', 0, 'v1', x, x, x, x FROM n`);
}

async function measureInstance() {
  const api = `${on.url}api/accounts/default/workflows/flow/instances/many/overview`;
  const page = await on.open("#/workflows");
  note("instance: floor, fetched and parsed", await fetchFrom(page, api));
  const begun = performance.now();
  await page.goto(`${on.url}#/instances/flow/many/timeline`);
  await page.getByRole("option").filter({ hasText: "part 7" }).first().waitFor();
  note("instance: open", performance.now() - begun);
  note("instance: elements", await page.evaluate(() => document.querySelectorAll("*").length));
  await page.getByRole("listbox").focus();
  const pressed = performance.now();
  await page.keyboard.press("End");
  await page.getByRole("region", { name: `Step part ${steps - 1}-1` }).waitFor();
  note("instance: answer to a key", performance.now() - pressed);
  await page.context().close();
}

/** From an event that the engine has written until the page has drawn it. @param {number} turn */
async function measureEvent(turn) {
  const page = await on.open("#/instances/flow/live/timeline");
  await page.getByText(`wait ${turn}`, { exact: true }).first().waitFor();
  const drawn = page.evaluate(
    ([text, patience]) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`${text} is not drawn`)), patience);
        const look = () => {
          if (document.body.textContent?.includes(text)) {
            clearTimeout(timer);
            resolve(Date.now());
          } else requestAnimationFrame(look);
        };
        look();
      }),
    /** @type {const} */ ([`wait ${turn + 1}`, EVENT_PATIENCE_MS]),
  );
  const begun = Date.now();
  await on.harness.engine.commands.sendEvent("flow", "live", "go", "null");
  await on.pass();
  note("event to pixel", Number(await drawn) - begun);
  await page.context().close();
}

async function measureList() {
  const begunRows = performance.now();
  on.harness.db.prepare("SELECT * FROM instances WHERE workflow = 'flow' ORDER BY number DESC LIMIT 100").all();
  note("list: floor, rows from SQLite", performance.now() - begunRows);
  const page = await on.open("#/workflows");
  const api = `${on.url}api/accounts/default/workflows/flow/instances?per_page=100&direction=desc`;
  note("list: one page over HTTP", await fetchFrom(page, api));
  note("list: one page by end over HTTP", await fetchFrom(page, `${api}&order_by=ended`));
  note("list: one page of a rare status", await fetchFrom(page, `${api}&status=waiting`));
  const begun = performance.now();
  await page.goto(`${on.url}#/workflows/flow`);
  await page.locator(".instance-line").first().waitFor();
  note("list: shown", performance.now() - begun);
  note("list: elements", await page.evaluate(() => document.querySelectorAll("*").length));
  await page.context().close();
}

/** @param {import("playwright-core").Page} page @param {string} address */
function fetchFrom(page, address) {
  return page.evaluate(async (url) => {
    const begun = performance.now();
    const response = await fetch(url);
    if (!response.ok) throw new Error(`${url}: ${response.status}`);
    await response.json();
    return performance.now() - begun;
  }, address);
}

function print() {
  process.stdout.write(`${steps.toLocaleString()} steps, ${instances.toLocaleString()} instances, ${times} times\n`);
  for (const [what, all] of found) {
    const sorted = all.toSorted((one, other) => one - other);
    const [least, median, most] = [sorted[0], sorted[Math.floor(sorted.length / 2)], sorted[sorted.length - 1]];
    const unit = what.endsWith("elements") ? "" : " ms";
    process.stdout.write(
      `${what.padEnd(36)} ${median.toFixed(0)}${unit}  (${least.toFixed(0)} to ${most.toFixed(0)})\n`,
    );
  }
}
