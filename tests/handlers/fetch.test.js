/** Requests: what a handler is given, what a client gets, and what becomes of a handler that fails. */

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { once } from "node:events";
import { describe, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { createAdaptorServer } from "@hono/node-server";
import { LANGUAGES, request, UPSTREAM, useWorker } from "./places.js";

for (const language of [...LANGUAGES, ...UPSTREAM]) {
  describe(`fetch ${language.where}`, () => {
    const opened = useWorker(language, "basic", { vars: { GREETING: "hi" } });
    const fetch = (/** @type {string} */ path, init = {}) => opened().worker.fetch(request(path, init));

    test("the handlers and entrypoints of a file are known", () => {
      assert.deepEqual(opened().worker.handlers, {
        default: ["fetch"],
        entrypoints: { Calculator: ["add"] },
        objects: [],
      });
      assert.deepEqual(opened().classes, []);
    });

    test("text is a body with its type", async () => {
      const response = await fetch("/hello");

      assert.equal(response.status, 200);
      assert.equal(response.headers.get("content-type"), "text/plain;charset=UTF-8");
      assert.equal(await response.text(), "Hello world!");
    });

    test("env is there as an argument or a field, and as a name of the module", async () => {
      assert.deepEqual(await (await fetch("/env")).json(), { given: "hi", module: "hi" });
    });

    test("a handler reads method, headers and body", async () => {
      const sent = { method: "POST", body: "hällo", headers: { "content-type": "text/x" } };

      assert.deepEqual(await (await fetch("/echo", sent)).json(), { method: "POST", type: "text/x", body: "hällo" });
    });

    test("headers of one name stay apart, and a status may have no body", async () => {
      const response = await fetch("/cookies");

      assert.equal(response.status, 204);
      assert.deepEqual(response.headers.getSetCookie(), ["a=1", "b=2"]);
      assert.equal(response.body, null);
    });

    test("an error has the user's traceback, and what was printed before has its request", async () => {
      opened().logs.length = 0;

      await assert.rejects(fetch("/raise"), (/** @type {any} */ error) => {
        assert.equal(error.code, "handler.raised");
        assert.match(error.name, /^(RangeError|IndexError)$/);
        assert.equal(error.message, "out of luck");
        assert.match(error.traceback, /basic\.(mjs|py)/);
        return true;
      });
      assert.deepEqual(opened().logs, [
        { level: "stdout", text: "before it fails", call: { method: "GET", url: "http://example.com/raise" } },
      ]);
    });

    test("a body streams both ways", async () => {
      /** @type {ReadableStreamDefaultController<Uint8Array>} */
      let controller = /** @type {any} */ (undefined);
      const body = new ReadableStream({ start: (given) => void (controller = given) });
      const response = await fetch("/stream", { method: "POST", body, duplex: "half" });
      const reader = /** @type {ReadableStream<Uint8Array>} */ (response.body).getReader();

      for (const text of ["one", "two"]) {
        controller.enqueue(new TextEncoder().encode(text));
        assert.equal(new TextDecoder().decode((await reader.read()).value), text);
      }
      controller.close();
      assert.equal((await reader.read()).done, true);
    });

    test("a body is encoded as its header says, and has no length of before", async () => {
      const response = await fetch("/encoded");

      assert.deepEqual(
        [response.headers.get("content-encoding"), response.headers.get("content-length")],
        ["gzip", null],
      );
      assert.equal(gunzipSync(await response.arrayBuffer()).toString(), "packed");
    });

    test("globals of Workers are there", { skip: language.suffix !== ".mjs" }, async () => {
      assert.deepEqual(await (await fetch("/globals")).json(), {
        agent: "Cloudflare-Workers",
        cached: "kept",
        missed: [null, null],
        deleted: [true, false],
        rewriter: "function",
      });
    });

    test("cloudflare:email has the class of messages", { skip: language.suffix !== ".mjs" }, async () => {
      const message = await (await fetch("/message")).json();

      assert.deepEqual(message, ["a@example.com", "b@example.com", "Subject: c\r\n\r\nd"]);
    });

    const ofPython = { skip: language.suffix !== ".py" };

    test("headers come sorted and joined, as the object of the request has them", ofPython, async () => {
      const headers = { "x-b": "2", accept: "*/*", cookie: "a=1" };
      const parts = await (await fetch("/parts", { headers })).json();

      assert.deepEqual(
        Object.keys(headers).toSorted(),
        parts.data.map((/** @type {string[]} */ [name]) => name),
      );
      assert.deepEqual([parts.data, true], [parts.object, parts.url]);
    });

    test("bytes stay as they are, text or not", ofPython, async () => {
      for (const bytes of [[0xef, 0xbb, 0xbf, 0x61], [0xff, 0x00], []]) {
        const body = new Uint8Array(bytes);
        const response = await fetch("/raw", {
          method: "POST",
          body,
          headers: { "content-length": String(body.length) },
        });

        assert.deepEqual([...new Uint8Array(await response.arrayBuffer())], bytes);
        assert.equal(response.headers.get("x-used"), "True");
      }
    });

    test("a response may be changed as an object", ofPython, async () => {
      const { headers } = await fetch("/changed");

      assert.deepEqual([headers.get("x-one"), headers.get("x-two")], ["1", "2"]);
    });

    test(
      "ctx has the entrypoints of the file, and no props",
      { skip: ofPython.skip || language.sdk !== undefined },
      async () => {
        assert.deepEqual(await (await fetch("/exports")).json(), [3, {}]);
      },
    );

    test("a copy of a request is read by itself", ofPython, async () => {
      const sent = { method: "POST", body: "ab", headers: { "content-length": "2" } };

      assert.equal(await (await fetch("/copied", sent)).text(), "abab");
    });

    test("a method of an entrypoint can be called", async () => {
      assert.equal(await opened().worker.call("Calculator", "add", [1, 2]), 3);
    });

    test("what there is not is refused by name", async () => {
      const { worker } = opened();

      await assert.rejects(worker.scheduled({ cron: "* * * * *", scheduledTime: 0 }), {
        code: "handler.missing",
        message: "The Worker's default entrypoint has no scheduled(). Found: fetch.",
      });
      await assert.rejects(worker.call("Other", "add", []), {
        code: "handler.missing",
        message: "The Worker has no entrypoint Other. Found: Calculator.",
      });
    });

    test("it answers over HTTP", async (t) => {
      const server = createAdaptorServer({ fetch: (given) => opened().worker.fetch(given), createServer });
      t.after(() => server.close());
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());

      const response = await globalThis.fetch(`http://127.0.0.1:${port}/echo`, { method: "POST", body: "over HTTP" });

      assert.equal(JSON.parse(await response.text()).body, "over HTTP");
    });
  });
}
