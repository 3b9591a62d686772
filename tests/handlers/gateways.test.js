/** Applications for ASGI and WSGI as Workers. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { idle, LANGUAGES, UPSTREAM, request, useWorker } from "./places.js";

const [, PYTHON] = LANGUAGES;

for (const language of [PYTHON, ...UPSTREAM])
  describe(`an application for ASGI ${language.where}`, () => {
    const opened = useWorker(language, "gateways");
    const fetch = (/** @type {string} */ path, init = {}) => opened().worker.fetch(request(path, init));

    test("gets the request and gives the response", async () => {
      const response = await fetch("/a%20b?q=%20", { method: "POST", headers: { "x-one": "1" }, body: "hällo" });

      assert.equal(response.status, 201);
      assert.deepEqual(response.headers.getSetCookie(), ["a=1", "b=2"]);
      assert.equal(await response.text(), "POST q=%20 1 the application hällo");
    });

    test("starts and stops around each request", async () => {
      await (await fetch("/stream")).text();
      await idle(opened().worker);
      const seen = await (await fetch("/lifespans")).json();

      assert.deepEqual(seen.slice(-2), ["lifespan.startup", "lifespan.shutdown"]);
    });

    test("streams its body", async () => {
      assert.equal(await (await fetch("/stream")).text(), "0 1 2 end");
    });

    test("that raises before it answers fails the request with its traceback", async () => {
      await assert.rejects(fetch("/fail"), { code: "handler.raised", name: "LookupError", message: "not today" });
      await assert.rejects(fetch("/silent"), { message: /without a response|did not generate a response/ });
    });

    test(
      "that raises later breaks the body off, and says why in the log",
      { skip: language.sdk && "Cloudflare's ends the body" },
      async () => {
        opened().logs.length = 0;
        const response = await fetch("/later");

        await assert.rejects(response.text(), /half way/);
        assert.match(
          opened()
            .logs.map(({ text }) => text)
            .join("\n"),
          /LookupError: half way/,
        );
      },
    );

    test(
      "that a cancellation ends leaves no client waiting",
      { skip: language.sdk && "Cloudflare's lets it wait" },
      async () => {
        await assert.rejects(fetch("/cancel"), { message: /ended by CancelledError/ });
        await assert.rejects((await fetch("/cancel_later")).text(), /ended by CancelledError/);
      },
    );

    test("exchanges messages over a WebSocket", async () => {
      const response = await fetch("/socket", { headers: { upgrade: "websocket" } });
      const { webSocket } = /** @type {any} */ (response);
      assert.equal(response.status, 101);
      /** @type {any[]} */
      const received = [];
      const closed = new Promise((/** @type {(event: any) => void} */ resolve) =>
        webSocket.addEventListener("close", resolve),
      );
      webSocket.addEventListener("message", (/** @type {MessageEvent} */ { data }) =>
        received.push(typeof data === "string" ? data : [...new Uint8Array(data)]),
      );
      webSocket.accept();

      webSocket.send("one");
      webSocket.send(new Uint8Array([1, 2]));
      webSocket.send("bye");

      const { code, reason } = await closed;
      assert.deepEqual(received, ["one", [1, 2]]);
      assert.deepEqual([code, reason], [4000, "as asked"]);
    });
  });

for (const language of [PYTHON, ...UPSTREAM])
  describe(`an application for WSGI ${language.where}`, () => {
    const opened = useWorker(language, "gateways");
    const fetch = (/** @type {string} */ path, init = {}) => opened().worker.fetch(request(path, init));

    // Cloudflare's adapter reads the body in the middle of a call, which takes stack switching.
    test("gets the request and gives the response", { skip: language.sdk !== undefined }, async () => {
      const response = await fetch("/wsgi/%C3%A4?q=1", { method: "POST", headers: { "x-one": "1" }, body: "hällo" });

      assert.equal(response.status, 202);
      assert.equal(response.statusText, "Taken");
      assert.deepEqual(response.headers.getSetCookie(), ["a=1", "b=2"]);
      assert.equal(await response.text(), "POST /wsgi/ä q=1 1 hällo");
    });

    test("streams its body", async () => {
      assert.equal(await (await fetch("/wsgi/stream")).text(), "0 1 2 ");
    });

    test("that raises fails the request", async () => {
      await assert.rejects(fetch("/wsgi/fail"), { name: "LookupError", message: "not today" });
    });
  });
