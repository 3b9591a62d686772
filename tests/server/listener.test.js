/** A listener in the network, with real sockets. */

import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import { openListener } from "../../js/server/listener.js";
import { served } from "./served.js";

/** @type {import("../engine/fake_guest.js").Run} */
const waits = async (_event, step) => step.waitForEvent("approval", { type: "go", timeout: "1 hour" });

/** @param {import("node:test").TestContext} context @param {Partial<import("../../js/server/listener.js").ListenerOptions>} [options] */
async function listening(context, options) {
  const on = await served(waits);
  const listener = await openListener(on.host, { ip: "127.0.0.1", port: 0, ...options });
  context.after(() => listener.close());
  return { ...on, listener, port: Number(new URL(listener.url).port) };
}

/** What comes back for bytes that are no whole request. @param {number} port @param {string} bytes @returns {Promise<string>} */
function exchange(port, bytes) {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(bytes));
    let answer = "";
    socket.setEncoding("utf8").on("data", (text) => (answer += text));
    socket.on("end", () => resolve(answer)).on("error", reject);
  });
}

test("a listener at a free port answers, and says no more once it is closed", async (context) => {
  const { listener } = await listening(context);

  const response = await fetch(`${listener.url}/client/v4/accounts/a/workflows`);
  assert.equal((await response.json()).result[0].name, "flow");
  assert.equal(listener.tokenRequired, false);

  listener.close();
  await assert.rejects(fetch(`${listener.url}/client/v4/accounts/a/workflows`));
});

test("off loopback, or where a proxy makes it known, a token is required", async (context) => {
  const everywhere = await listening(context, { ip: "0.0.0.0" });
  const proxied = await listening(context, { publicUrl: "https://example.com/x" });
  const asked = await listening(context, { tokenRequired: true });

  for (const { listener, port } of [everywhere, proxied, asked]) {
    assert.equal(listener.tokenRequired, true);
    const response = await fetch(`http://127.0.0.1:${port}/client/v4/accounts/a/workflows`);
    assert.equal(response.status, 401);
  }
});

test("two listeners cannot have one port", async (context) => {
  const { host, port } = await listening(context);

  await assert.rejects(openListener(host, { ip: "127.0.0.1", port }), {
    reason: "listener.unavailable",
    message: /another program listens there/,
  });
});

for (const [what, bytes, status] of /** @type {[string, string, string][]} */ ([
  ["no HTTP", "hello\r\n\r\n", "400"],
  ["a head that is too large", `GET / HTTP/1.1\r\nx: ${"x".repeat(40_000)}\r\n\r\n`, "431"],
  ["two lengths", "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n", "400"],
])) {
  test(`${what} is refused with ${status}`, async (context) => {
    const { port } = await listening(context);

    assert.match(await exchange(port, bytes), new RegExp(`^HTTP/1.1 ${status} `));
  });
}

test("the control routes are not in the network", async (context) => {
  const { listener } = await listening(context);

  for (const path of ["/host", "/tokens", "/audit", "/workflows", "/workflows/flow/instances/a/export"])
    assert.equal((await fetch(listener.url + path)).status, 404, path);
  for (const path of ["/shutdown", "/deployments", "/servings", "/tokens"])
    assert.equal((await fetch(listener.url + path, { method: "POST", body: "{}" })).status, 404, path);
});
