/** What an interpreter says of passes that are not its own, and what is no message at all: it ends that interpreter alone. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { packBatch } from "../../bridge/batch.js";
import { Pool } from "../../runtime/pool/pool.js";
import { SenderChecks } from "../../runtime/pool/sender_checks.js";

/** A pool whose only interpreter says what the test says. */
function open() {
  /** @type {import("../../runtime/pool/isolate.js").InterpreterEvents[]} */
  const interpreters = [];
  const pool = new Pool(
    {
      start(events) {
        interpreters.push(events);
        return {
          post(message) {
            if (message?.type === "boot") queueMicrotask(() => events.onmessage({ type: "ready" }));
            if (message?.type === "load")
              queueMicrotask(() => events.onmessage({ type: "loaded", text: '{"classes":["A"],"output":[]}' }));
            if (message?.type === "ping") queueMicrotask(() => events.onmessage({ type: "pong" }));
          },
          takeUnreadMessages: () => [],
          end: async () => {},
        };
      },
      parts: async () => ({}),
      interruptible: true,
      soon: setImmediate,
    },
    { deployment: { root: "/", main: "/none.py", vars: {} }, isolates: 1 },
  );
  /** @type {any[]} */
  const messages = [];
  /** @type {any[]} */
  const lost = [];
  /** @type {string[]} */
  const problems = [];
  pool.onmessages = (batch) => messages.push(...batch);
  pool.onlost = (passes) => lost.push(...passes);
  pool.onproblem = (line) => problems.push(line);
  return { pool, messages, lost, problems, say: (/** @type {any} */ it) => interpreters.at(-1)?.onmessage(it) };
}

/** @param {number} pass @returns {any} */
const start = (pass) => ({
  type: "start",
  pass,
  className: "A",
  event: { timestamp: 0, instanceId: `i${pass}`, workflowName: "w" },
  value: "null",
  history: [],
});

describe("an interpreter ends when it sends", () => {
  for (const [what, message, expected] of /** @type {[string, any, RegExp][]} */ ([
    [
      "the end of a pass that lives elsewhere",
      packBatch([{ type: "end", pass: 2, value: "1" }]),
      /end of pass 2, which/,
    ],
    ["a failure of a pass that nobody has", '[{"type":"fail","pass":99,"error":{}}]', /fail of pass 99, which/],
    ["a message without a pass", '[{"type":"end"}]', /end of pass missing, which/],
    ["what is no JSON", "[{", /a batch that cannot be read/],
    ["no list", '{"type":"end"}', /a batch that cannot be read/],
    ["null in a list", "[null]", /a batch that cannot be read|what is no message/],
    ["a number in a list", "[3]", /what is no message: 3/],
    ["a type that is no text", '[{"type":{},"pass":1}]', /what is no message/],
    ["null", null, /what is no message: null/],
    ["a number", 7, /what is no message: 7/],
    ["an object without a type", {}, /what is no message: {}/],
  ])) {
    test(what, async () => {
      const [sender, other] = [open(), open()];
      await Promise.all([sender.pool.load(), other.pool.load()]);
      sender.pool.send(start(1));
      other.pool.send(start(2));

      sender.say(packBatch([{ type: "log", pass: 1, level: "stdout", text: "before" }]));
      sender.say(message);
      sender.say(packBatch([{ type: "end", pass: 1, value: "1" }]));

      assert.deepEqual(
        sender.messages.map(({ text }) => text),
        ["before"],
      );
      assert.deepEqual(
        sender.lost.map(({ pass, blamed }) => [pass, blamed]),
        [[1, []]],
      );
      assert.equal(sender.problems.length, 1);
      assert.match(sender.problems[0], expected);
      assert.deepEqual([other.messages, other.lost, other.problems], [[], [], []]);
      await Promise.all([sender.pool.dispose(), other.pool.dispose()]);
    });
  }
});

test("what a pass sends that has just been dropped is late, and no offence", async () => {
  const { pool, messages, problems, say } = open();
  await pool.load();
  pool.send(start(1));
  pool.send({ type: "drop", pass: 1, reason: "over" });

  say(packBatch([{ type: "end", pass: 1, value: "1" }]));
  say(packBatch([{ type: "log", pass: 1, level: "stdout", text: "last words" }]));

  assert.deepEqual(problems, []);
  assert.deepEqual(
    messages.map(({ text }) => text),
    ["last words"],
  );
  await pool.dispose();
});

test("only the latest passes that are over are remembered", () => {
  const checks = new SenderChecks();
  for (let pass = 1; pass <= 10_002; pass++) {
    checks.sent(start(pass));
    checks.left(pass);
  }

  assert.throws(() => checks.accepts({ type: "end", pass: 1 }), /never given/);
  assert.equal(checks.accepts({ type: "end", pass: 10_002 }), false);
});
