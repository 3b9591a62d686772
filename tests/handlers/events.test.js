/** Schedules, queues, work that goes on after an answer, and what handlers ask of others. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { idle, LANGUAGES, request, UPSTREAM, useWorker } from "./places.js";

for (const language of [...LANGUAGES, ...UPSTREAM]) {
  describe(`handlers ${language.where}`, () => {
    /** @type {any[]} */
    const asked = [];
    const opened = useWorker(language, "events", {
      vars: { NAME: "value" },
      bindings: { FLOW: "flow" },
      env: {
        OTHER: { kind: "service", service: "other", props: { from: "here" } },
        AI: { kind: "refused", message: "env.AI: Workers AI does not run here. Set its address." },
      },
      services: {
        findWorker: async (service) => (asked.push(service), opened().worker),
        callWorkflow: async (workflow, method, args) => {
          asked.push([workflow, method, args]);
          return JSON.stringify(method === "status" ? { status: "queued" } : { id: "one" });
        },
      },
    });
    const fetch = (/** @type {string} */ path, init = {}) => opened().worker.fetch(request(path, init));
    const seen = async () => await (await fetch("/seen")).json();

    test("a schedule has its expression, its time, env and ctx", async () => {
      const { worker } = opened();

      assert.deepEqual(await worker.scheduled({ cron: "* * * * *", scheduledTime: 123 }), {
        outcome: "ok",
        noRetry: false,
      });
      assert.equal((await worker.scheduled({ cron: "1 1 1 1 1", scheduledTime: 0 })).noRetry, true);
      assert.deepEqual((await seen())[0], ["* * * * *", 123, "value", true]);
    });

    test("a batch of a queue has its messages, and the decisions about them come back", async () => {
      const messages = ["a", { n: 1 }, null].map((body, i) => ({ id: `m${i}`, timestamp: 5, attempts: i + 1, body }));

      assert.deepEqual(await opened().worker.queue({ queue: "orders", messages }), {
        ackAll: false,
        retryBatch: { retry: true },
        explicitAcks: ["m0"],
        retryMessages: [{ msgId: "m1", delaySeconds: 5 }],
      });
      const [, listed] = (await seen()).at(-1);
      assert.deepEqual(listed, [
        ["m0", "a", 1],
        ["m1", { n: 1 }, 2],
        ["m2", null, 3],
      ]);
    });

    test("a handler of a queue that raises keeps what it has acknowledged before", async () => {
      const messages = ["a", "b", "raise"].map((body, i) => ({ id: `m${i}`, timestamp: 5, attempts: 1, body }));

      await assert.rejects(opened().worker.queue({ queue: "orders", messages }), (/** @type {any} */ error) => {
        assert.match(error.message, /no more/);
        assert.deepEqual(error.queueOutcome.explicitAcks, ["m0"]);
        return true;
      });
    });

    test("what is given to waitUntil goes on after the answer, and its output is the request's", async () => {
      opened().logs.length = 0;

      assert.equal(await (await fetch("/later")).text(), "at once");
      await idle(opened().worker);

      assert.deepEqual((await seen()).slice(-2).toSorted(), ["by ctx", "by the module"]);
      const { logs } = opened();
      assert.match(logs.map(({ text }) => text).join("\n"), /later by the module/);
      assert.deepEqual(
        [...new Set(logs.map(({ call }) => /** @type {any} */ (call).url))],
        ["http://example.com/later"],
      );
    });

    test("a service binding carries values, bytes, requests and errors of the user's classes", async () => {
      asked.length = 0;
      const [described, status, text, failed, bytes] = await (await fetch("/service")).json();

      assert.deepEqual(described.value, { list: [1, null, "x"] });
      assert.deepEqual(described.props, { from: "here" });
      assert.equal(status, 200);
      assert.deepEqual(JSON.parse(text), await seen());
      // Cloudflare's SDK raises JavaScript's error.
      assert.equal(failed, language.sdk ? "JsException: OutOfStockError: none left" : "OutOfStockError: none left");
      assert.match(bytes, /bytes|memoryview|Uint8Array/);
      assert.deepEqual(asked, ["other", "other", "other", "other"]);
    });

    test("ctx.exports has the own entrypoints, with props of the caller's", async () => {
      assert.deepEqual(await (await fetch("/export")).json(), ["named nobody", "named me"]);
    });

    test("a workflow binding works outside every pass", async () => {
      asked.length = 0;

      assert.deepEqual(await (await fetch("/workflow")).json(), ["one", { status: "queued" }]);
      assert.deepEqual(asked, [
        ["flow", "create", { id: "one", params: '{"n":1}' }],
        ["flow", "get", { id: "one" }],
        ["flow", "status", { id: "one" }],
      ]);
    });

    test("a refused binding says at its use why", async () => {
      await assert.rejects(fetch("/refused"), { message: "env.AI: Workers AI does not run here. Set its address." });
    });

    test("a handler that never answers ends with its time or with its client", async () => {
      await assert.rejects(opened().worker.fetch(request("/hang"), { timeLimitMs: 20 }), { code: "handler.timeout" });
      const leaving = new AbortController();
      const answer = fetch("/hang", { signal: leaving.signal });
      leaving.abort(new Error("The client has left."));

      await assert.rejects(answer, { message: "The client has left." });
      assert.ok((await seen()).includes("cancelled"));
    });

    test("a stream without end is written as fast as it is read", async () => {
      const response = await fetch("/endless");
      const reader = /** @type {ReadableStream} */ (response.body).getReader();
      await reader.read();
      const before = (await seen()).filter((/** @type {unknown} */ each) => each === "pulled").length;

      assert.ok(before < 20, `${before} chunks of 64 KiB were written, and one was read`);
      await reader.cancel();
      await idle(opened().worker);
    });
  });

  describe(`a handler that spins ${language.where}`, () => {
    const opened = useWorker(language, "events", { cpuLimit: 4000, isolates: 2, bindings: {} });

    test("fails by itself", async () => {
      const { worker } = opened();
      await assert.rejects(worker.fetch(request("/spin")), (/** @type {any} */ { code, message }) => {
        assert.match(code, /handler\.(raised|lost)/);
        assert.match(message, /4 s|CPU|processor/);
        return true;
      });
    });
  });

  describe(`a handler that spins without end ${language.where}`, () => {
    const opened = useWorker(language, "events", { cpuLimit: 3_600_000, isolates: 2, bindings: {} });

    test("others are answered", async () => {
      const { worker } = opened();
      const spinning = worker.fetch(request("/spin"));
      let hasEnded = false;
      spinning.finally(() => void (hasEnded = true)).catch(() => {});

      // It takes a moment until it is seen that the interpreter does not answer: those who ask before wait with it.
      const others = [];
      let answered;
      while (answered === undefined) {
        const other = worker.fetch(request("/seen"));
        other.catch(() => {});
        others.push(other);
        const pause = new Promise((resolve) => void setTimeout(resolve, 300));
        answered = await Promise.race([pause, Promise.any(others)]);
      }

      assert.equal(answered.status, 200);
      assert.equal(hasEnded, false);
    });
  });
}
