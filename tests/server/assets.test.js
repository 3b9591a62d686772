/** Which requests the static assets of a Worker answer, and which its handler does. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { answerByAssets, isWorkerFirst } from "../../js/server/serving/assets.js";

/** Assets that have /page alone, and the page of an application for every other path where that counts. */
async function fetchAsset(/** @type {Request} */ { url }, /** @type {{ notFound: boolean }} */ { notFound }) {
  if (new URL(url).pathname === "/page") return new Response("page");
  return notFound ? new Response("application") : new Response(null, { status: 404 });
}

/**
 * @param {string} path
 * @param {{ config?: object, init?: RequestInit, hasHandler?: boolean }} [options]
 */
async function answer(path, { config = {}, init = {}, hasHandler = true } = {}) {
  const request = new Request(`http://localhost${path}`, init);
  const response = await answerByAssets(request, { directory: "/public", ...config }, fetchAsset, hasHandler);
  return response && (await response.text());
}

const APPLICATION = { not_found_handling: "single-page-application" };

for (const { what, path, options, expected } of [
  { what: "an asset comes before the handler", path: "/page", options: {}, expected: "page" },
  { what: "the handler answers what is no asset", path: "/api", options: {}, expected: undefined },
  {
    what: "the handler answers what is no reading",
    path: "/page",
    options: { init: { method: "POST" } },
    expected: undefined,
  },
  {
    what: "without a handler the assets answer all",
    path: "/api",
    options: { hasHandler: false },
    expected: "application",
  },
  {
    what: "the handler answers all paths",
    path: "/page",
    options: { config: { run_worker_first: true } },
    expected: undefined,
  },
  {
    what: "the handler answers some paths",
    path: "/page",
    options: { config: { run_worker_first: ["/p*"] } },
    expected: undefined,
  },
  {
    what: "a call of an application is for the handler",
    path: "/api",
    options: { config: APPLICATION },
    expected: undefined,
  },
  {
    what: "who navigates is given the application's page",
    path: "/some/page",
    options: { config: APPLICATION, init: { headers: { "sec-fetch-mode": "navigate" } } },
    expected: "application",
  },
]) {
  test(what, async () => assert.equal(await answer(path, options), expected));
}

for (const { path, rules, expected } of [
  { path: "/api/users", rules: ["/api/*"], expected: true },
  { path: "/api", rules: ["/api/*"], expected: false },
  { path: "/api/docs/x", rules: ["/api/*", "!/api/docs/*"], expected: false },
  { path: "/a.b", rules: ["/a?b"], expected: false },
  { path: "/any", rules: undefined, expected: false },
  { path: "/aXbYc", rules: ["/a*b*c"], expected: true },
  { path: "/abc", rules: ["/a*b*c"], expected: true },
  { path: "/acb", rules: ["/a*b*c"], expected: false },
  { path: "/aba", rules: ["/ab*ba"], expected: false },
  { path: "/a.c", rules: ["/a?c", "/a+c"], expected: false },
  { path: "/", rules: ["*"], expected: true },
]) {
  test(`${path} by ${JSON.stringify(rules)}: ${expected ? "the handler" : "the assets"}`, () => {
    assert.equal(isWorkerFirst(path, rules), expected);
  });
}

test("a long path is compared with a rule of many stars in one search", () => {
  // A regular expression would take years for it.
  assert.equal(isWorkerFirst(`/${"a".repeat(16_000)}`, ["/*a*a*a*a*a*a*a*b"]), false);
});
