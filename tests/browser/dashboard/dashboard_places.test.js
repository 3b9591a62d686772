/** The dashboard in other places: behind a proxy, with the dates of another day, with much that is not asked for; and its last actions. */

import assert from "node:assert/strict";
import { createServer, request } from "node:http";
import { after, before, test } from "node:test";
import { openDashboard } from "./served.js";

const MEGABYTE = "z".repeat(1_000_000);

/** @type {import("../../engine/fake_guest.js").Run} */
async function flow({ payload }, step) {
  for (let part = 0; part < (payload.megabytes ?? 0); part++) await step.do(`part ${part}`, async () => MEGABYTE);
  await step.do("first", async () => payload.n ?? 0);
  return step.do("second", async () => "done");
}

/** @type {import("./served.js").Dashboard} */
let dashboard;

/** @param {string} id @param {object} [params] */
async function create(id, params = {}) {
  await dashboard.harness.engine.creator.create("flow", { id, params: JSON.stringify(params) });
  await dashboard.pass();
}

before(async () => {
  dashboard = await openDashboard(flow);
  await create("plain", { n: 7 });
});
after(() => dashboard.close());

test("behind a proxy with a base path the page and its requests stay below that path", async () => {
  const BASE = "/tools/stepwell";
  /** @type {string[]} */
  const outside = [];
  const proxy = createServer((incoming, outgoing) => {
    const path = incoming.url ?? "";
    if (!path.startsWith(`${BASE}/`)) {
      outside.push(path);
      outgoing.writeHead(404).end();
      return;
    }
    // As proxies do that are set up to: the name by which the page was asked for stays.
    const { method, headers } = incoming;
    const inner = request({ port: dashboard.port, path: path.slice(BASE.length), method, headers }, (answer) =>
      answer.pipe(outgoing.writeHead(answer.statusCode ?? 502, answer.headers)),
    );
    inner.on("error", () => outgoing.destroy());
    incoming.pipe(inner);
  });
  await new Promise((resolve) => proxy.listen(0, "127.0.0.1", () => resolve(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (proxy.address());
  try {
    const page = await dashboard.open();
    await page.goto(`http://127.0.0.1:${port}${BASE}/cdn-cgi/stepwell/#/workflows/flow`);
    await page.getByRole("link", { name: "plain" }).click();
    await page.getByRole("heading", { name: "plain" }).waitFor();
    await page.getByRole("option", { name: /second/ }).waitFor();

    assert.deepEqual(outside, []);
    assert.match(page.url(), /\/tools\/stepwell\/cdn-cgi\/stepwell\/#\/instances\/flow\/plain/);
    await page.context().close();
  } finally {
    proxy.closeAllConnections();
    proxy.close();
  }
});

test("in the event log no column runs into the next one, with the dates of another day too", async () => {
  const page = await dashboard.open("#/instances/flow/plain/events");
  const entry = page.locator(".entry").first();
  await entry.waitFor();

  const [time, type] = await entry.evaluate((element) =>
    [1, 2].map((index) => {
      const range = document.createRange();
      range.selectNodeContents(element.children[index]);
      const { left, right } = range.getBoundingClientRect();
      return { left, right };
    }),
  );
  assert.ok(time.right < type.left, `${time.right} is not left of ${type.left}`);
});

test("an instance with ten megabytes of outputs is opened without them", async () => {
  await create("large", { megabytes: 10 });
  const page = await dashboard.open("#/workflows");
  let bytes = 0;
  page.on(
    "response",
    (response) =>
      void response.body().then(
        (body) => (bytes += body.length),
        () => {},
      ),
  );
  await page.goto(`${dashboard.url}#/instances/flow/large/timeline`);
  await page.getByRole("option", { name: /part 9/ }).click();
  await page
    .getByRole("region", { name: "Step part 9-1" })
    .getByRole("button", { name: /^Load 1/ })
    .waitFor();

  assert.ok(bytes < 1_000_000, `${bytes} bytes were loaded`);
});

test("an instance is restarted from the step that was clicked, after a question", async () => {
  const page = await dashboard.open("#/instances/flow/plain/timeline");
  await page.getByRole("option", { name: /second/ }).click();
  await page.getByRole("button", { name: "Restart from here…" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Restart" }).click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await dashboard.pass();
  await page.locator(".head .pill", { hasText: "complete" }).waitFor();

  const begun = dashboard.harness.rows("plain").filter(({ name, event }) => event === 5 && name === "first");
  assert.equal(begun.length, 1);
});

test("with reduced motion nothing is animated", async () => {
  const page = await dashboard.open("#/instances/flow/plain/timeline");
  await page.getByRole("option", { name: /second/ }).waitFor();

  assert.equal(await page.evaluate(() => document.getAnimations().length), 0);
});

test("nothing of all this made the browser complain", () => {
  assert.deepEqual(dashboard.complaints, []);
});
