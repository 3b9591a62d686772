/** Bodies that would keep the host from all other requests: they are refused before they are parsed, or before their schema. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { ACCOUNT, served } from "./served.js";

/** @type {import("../engine/fake_guest.js").Run} */
const waits = async (_event, step) => step.waitForEvent("approval", { type: "go", timeout: "1 hour" });
const INSTANCES = `http://127.0.0.1:8787${ACCOUNT}/workflows/flow/instances`;
const HEADERS = { host: "127.0.0.1:8787", "content-type": "application/json" };

for (const [what, path, piece] of /** @type {[string, string, string][]} */ ([
  ["small objects", "/batch", "{},"],
  ["nested arrays of numbers", "", "[1,2],"],
  ["keys", "/batch/delete", '{"a":1},'],
])) {
  test(`other requests are answered while a body of ${what} arrives, and it is refused before its end`, async () => {
    const { network } = await served(waits);
    const order = /** @type {string[]} */ ([]);
    let pieces = 0;
    const body = new ReadableStream({
      async pull(controller) {
        controller.enqueue(Buffer.from(`${pieces === 0 ? "[" : ""}${piece.repeat(10_000)}`));
        if (++pieces !== 3) return;
        const answer = await network.request(INSTANCES, { headers: HEADERS });
        order.push(`list ${answer.status}`);
      },
      cancel: () => void order.push("given up"),
    });

    const init = /** @type {RequestInit} */ ({ method: "POST", headers: HEADERS, body, duplex: "half" });
    const { status } = await network.request(INSTANCES + path, init);
    order.push(`refused ${status}`);

    assert.deepEqual(order, ["list 200", "given up", "refused 413"]);
    assert.ok(pieces < 100);
  });
}

for (const [path, body, problem] of /** @type {[string, unknown, RegExp][]} */ ([
  ["/batch", Array(101).fill(1), /at a time/],
  ["/batch/delete", { instances: Array(101).fill(1) }, /invalid/],
])) {
  test(`the members of a list that is too long for ${path} are not looked at`, async () => {
    const { network } = await served(waits);

    const init = { method: "POST", headers: HEADERS, body: JSON.stringify(body) };
    const response = await network.request(INSTANCES + path, init);

    const { errors } = await response.json();
    assert.equal(response.status, 400);
    assert.match(errors[0].message, problem);
    assert.doesNotMatch(errors[0].message, /expected object|expected string/);
  });
}
