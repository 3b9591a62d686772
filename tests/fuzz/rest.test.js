/** Whatever a client sends, it gets an answer that is not the host's fault, and the state stays readable. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { served } from "../server/served.js";
import { cases, Chance, readAll, SEED } from "./random.js";

const BODIES = [
  { instance_id: "a", params: { n: 1 }, instance_retention: { success_retention: "1 day", error_retention: 1000 } },
  [{ instance_id: "b" }, { instance_id: "c", params: 1 }],
  { status: "pause" },
  { status: "restart", from: { name: "a", count: 1, type: "do" } },
  { status: "terminate", rollback: true },
  { instances: ["a", "b"] },
  { payload: 1 },
];
const PATHS = [
  "/workflows",
  "/workflows/flow",
  "/workflows/flow/instances",
  "/workflows/flow/instances?page=1&per_page=5&status=running&date_start=2026-01-01",
  "/workflows/flow/instances/batch",
  "/workflows/flow/instances/batch/delete",
  "/workflows/flow/instances/good",
  "/workflows/flow/instances/good/status",
  "/workflows/flow/instances/good/events/go",
  "/workflows/flow/instances/good/step?name=a-1",
  "/workflows/flow/versions",
];
const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"];
const ODD_PATHS = [
  "%00",
  "%ff",
  "..%2f",
  "%F0%9F%98%80",
  "x".repeat(5000),
  "'",
  "page=-1",
  "per_page=1e99",
  "cursor=%7B",
];

/** @param {Chance} chance @param {string} path */
function changedPath(chance, path) {
  if (chance.next() < 0.6) return path;
  const at = chance.below(path.length - 1) + 1;
  return path.slice(0, at) + chance.of(ODD_PATHS) + path.slice(at);
}

/** @param {Chance} chance @param {string} method */
function changedBody(chance, method) {
  if (method === "GET") return undefined;
  const body = chance.next() < 0.8 ? chance.changed(chance.of(BODIES)) : chance.value();
  const text = typeof body === "string" && chance.next() < 0.5 ? body : (JSON.stringify(body) ?? "");
  return chance.next() < 0.2 ? chance.changedBytes(Buffer.from(`${text} `)) : text;
}

test(`requests, changed at random (STEPWELL_SEED=${SEED})`, async () => {
  const chance = new Chance("requests");
  const { harness, app, network } = await served(async (_event, step) => {
    await step.do("a", {}, async () => 1);
    return (await step.waitForEvent("w", { type: "never", timeout: "1 day" })).payload;
  });
  await harness.create({}, "good");

  for (let i = cases(0.3); i > 0; i--) {
    const method = chance.of(METHODS);
    const inNetwork = chance.next() < 0.5;
    const path = changedPath(chance, chance.of(PATHS));
    const url = `http://127.0.0.1:8787${inNetwork ? "/client/v4/accounts/acc" : ""}${path}`;
    const body = changedBody(chance, method);
    const headers = { host: "127.0.0.1:8787", "content-type": chance.next() < 0.9 ? "application/json" : "text/plain" };

    const response = await (inNetwork ? network : app).request(url, {
      method,
      headers,
      ...(body === undefined ? {} : { body: /** @type {any} */ (body) }),
    });

    const text = await response.text();
    assert.ok(
      response.status < 500,
      `${method} ${path.slice(0, 200)} ${String(body).slice(0, 500)}: ${text.slice(0, 500)}`,
    );
    if (i % 50 === 0) await harness.settle();
  }

  await harness.settle();
  readAll(harness.store);
  assert.deepEqual(
    harness.problems.filter(({ workflow }) => workflow === undefined),
    [],
  );
});
