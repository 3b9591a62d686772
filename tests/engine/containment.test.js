/** What a guest sends ends at most its own instance, with an error that says so, and no replay comes to it again. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { encode } from "../../bridge/values.js";
import { FakeGuest } from "./fake_guest.js";
import { Harness } from "./harness.js";
import { OF_FILES } from "./state.js";

/** @import { FromGuest } from "../../bridge/protocol.d.ts" */

const forever = () => new Promise(() => {});

/** @param {number} depth */
function deep(depth) {
  /** @type {unknown} */
  let value = 0;
  for (let i = 0; i < depth; i++) value = [value];
  return value;
}

/** An instance that a test speaks for, beside one that must not notice. @param {object} [options] */
async function two(options = {}) {
  const h = new Harness(async (_event, step) => {
    await step.do("a", () => 1);
    await step.waitForEvent("wait", { type: "go" });
    return "done";
  }, options);
  await h.create({}, "bad");
  await h.create({}, "good");
  const [pass] = h.guest.passes.keys();
  const send = async (/** @type {any} */ message) => {
    h.guest.onmessages([{ pass, ...message }]);
    await h.settle();
  };
  const goodIsWell = async () => {
    assert.deepEqual(h.problems, []);
    await h.event("go", {}, "good");
    assert.equal(h.output("good"), "done");
  };
  return { h, pass, send, goodIsWell };
}

const ATTEMPT = { ref: 1, attempt: 1 };
const CALL = { ref: 50, name: "x", count: 1 };
const HUGE = "x".repeat(65 * 1024 * 1024);

for (const [what, message] of /** @type {[string, object][]} */ ([
  ["an unknown type", { type: "dance" }],
  ["no type", {}],
  ["a type that is an object", { type: {} }],
  ["a result that is no text", { type: "done", ...ATTEMPT, value: 5 }],
  ["a result without end", { type: "done", ...ATTEMPT, value: HUGE }],
  ["a result that is nested too deep", { type: "done", ...ATTEMPT, value: JSON.stringify(deep(3000)) }],
  ["an attempt that is no number", { type: "done", ref: 1, attempt: "one", value: "1" }],
  ["an attempt beyond SQLite's integers", { type: "done", ref: 1, attempt: 1e300, value: "1" }],
  ["an error that is none", { type: "failed", ...ATTEMPT, error: "no" }],
  ["an error of deep data", { type: "failed", ...ATTEMPT, error: { name: "E", message: "m", state: deep(20_000) } }],
  [
    "an error of many fields",
    {
      type: "failed",
      ...ATTEMPT,
      error: Object.fromEntries(Array.from("abcdefghijklmnopqrstuvwxyz", (key) => [key, key])),
    },
  ],
  ["a usage that is none", { type: "done", ...ATTEMPT, value: "1", usage: { cpuMs: "much" } }],
  ["output that is no text", { type: "log", level: "stdout", text: { a: 1 } }],
  ["output of an unknown level", { type: "log", level: "loud", text: "hello" }],
  ["an end without a value", { type: "end" }],
  ["a failure without an error", { type: "fail" }],
  ["a quiet that counts nothing", { type: "quiet", seen: {} }],
])) {
  test(`${what} ends its instance alone`, async () => {
    const { h, send, goodIsWell } = await two();

    await send(message);

    assert.equal(h.status("bad"), "errored");
    assert.match(h.error("bad").message, /was ended, for handling what its code sent has failed/);
    h.crash();
    await h.pass(1000);
    assert.equal(h.status("bad"), "errored");
    await goodIsWell();
  });
}

for (const [what, message] of /** @type {[string, object][]} */ ([
  ["a sleep of deep data", { type: "sleep", ...CALL, duration: deep(20_000) }],
  ["a sleep until deep data", { type: "sleep", ...CALL, until: deep(20_000) }],
  ["a sleep of a deep name", { type: "sleep", ...CALL, name: deep(20_000), duration: 1 }],
  ["a sleep of much data", { type: "sleep", ...CALL, duration: Array.from({ length: 200_000 }, () => 0) }],
  ["a wait for a deep type", { type: "waitForEvent", ...CALL, eventType: deep(20_000) }],
  ["a wait with a deep timeout", { type: "waitForEvent", ...CALL, eventType: "go", timeout: deep(20_000) }],
  ["a step of a deep configuration", { type: "do", ...CALL, config: deep(20_000) }],
  ["a step of a deep rollback", { type: "do", ...CALL, rollback: { config: deep(20_000) } }],
  ["a step whose count is no number", { type: "do", ...CALL, count: "many" }],
  ["a step whose count is beyond all integers", { type: "do", ...CALL, count: 1e300 }],
  [
    "a call with deep arguments",
    { type: "call", ref: 50, workflow: "flow", method: "get", args: { id: deep(20_000) } },
  ],
  ["a chunk that is no text", { type: "writeChunk", ref: 50, step: 1, attempt: 1, index: 0, value: 1 }],
  ["a chunk of 20 MB", { type: "writeChunk", ref: 50, step: 1, attempt: 1, index: 0, value: "x".repeat(20_000_000) }],
  ["progress that is no text", { type: "progress", ref: 50, step: 1, attempt: 1, value: {} }],
  ["a chunk at no index", { type: "readChunk", ref: 50, name: "x", count: 1, index: -1 }],
])) {
  test(`${what} is refused at the call`, async () => {
    const { h, pass, send, goodIsWell } = await two();

    await send(message);

    const answer = /** @type {any} */ (
      h.guest.received.find((/** @type {any} */ sent) => sent.pass === pass && sent.ref === 50)
    );
    assert.equal(answer?.type, "reject");
    assert.match(answer.error.message, /The call cannot be made/);
    assert.ok(answer.error.message.length < 1000);
    await h.event("go", {}, "bad");
    assert.equal(h.output("bad"), "done");
    await goodIsWell();
  });
}

for (const [what, config, problem] of /** @type {[string, any, RegExp][]} */ ([
  ["a delay of 1e17 ms", { retries: { limit: 1, delay: 1e17 } }, /retries.delay must be at most 365 days/],
  ["a delay of 1e300 days", { retries: { limit: 1, delay: "1e300 days" } }, /retries.delay must be at most 365 days/],
  ["a timeout of 1e300 ms", { timeout: 1e300 }, /timeout must be at most 365 days/],
  ["half a retry", { retries: { limit: 1.5, delay: 1 } }, /retries.limit must be a whole number/],
])) {
  test(`a step with ${what} is refused`, async () => {
    const h = new Harness(async (_event, step) => await step.do("a", config, () => 1));
    await h.create();

    assert.match(h.error().message, problem);
    assert.deepEqual(h.problems, []);
  });
}

test("a delay that grows comes to a year, and not to a number that cannot be stored", async () => {
  const h = new Harness(
    async (_event, step) =>
      await step.do("a", { retries: { limit: 10_000, delay: "365 days" } }, () => Promise.reject(new Error("no"))),
  );
  await h.create();
  for (let i = 0; i < 3; i++) await h.pass(366 * 86_400_000);

  assert.deepEqual(h.problems, []);
  assert.equal(h.status(), "waiting");
});

test("a delay function that gives 1e300 fails its step", async () => {
  const h = new Harness(
    async (_event, step) =>
      await step.do("a", { retries: { limit: 2, delay: () => 1e300 } }, () => Promise.reject(new Error("no"))),
  );
  await h.create();

  assert.match(h.error().message, /returned a delay of more than 365 days/);
});

for (const retention of [1e17, 1e300, "1e300 days", Infinity]) {
  test(`an instance is not kept for ${retention}`, async () => {
    const h = new Harness(async () => 1);

    await assert.rejects(
      h.engine.creator.create("flow", { id: "i1", retention: { successRetention: retention } }),
      /retention.successRetention must be/,
    );
    await h.create({}, "i2");
    assert.equal(h.output("i2"), 1);
  });
}

for (const text of ["{", "1},{", "", 5, {}, `[${"[".repeat(3000)}${"]".repeat(3000)}]`]) {
  test(`params and payloads that are no values are refused: ${JSON.stringify(text).slice(0, 20)}`, async () => {
    const { h, goodIsWell } = await two();
    const value = /** @type {string} */ (text);

    await assert.rejects(h.engine.creator.create("flow", { id: "i3", params: value }), /params is/);
    await assert.rejects(h.engine.commands.sendEvent("flow", "bad", "go", value), /payload is/);
    await goodIsWell();
  });
}

test("the engine counts steps too", async () => {
  const { h, pass, send, goodIsWell } = await two({ stepLimit: 3 });
  for (let i = 2; i < 6; i++) await send({ type: "do", ref: 100 + i, name: "more", count: i });

  const refused = h.guest.received.filter(
    (/** @type {any} */ sent) =>
      sent.pass === pass && sent.type === "reject" && /limit of 3 steps/.test(sent.error?.message),
  );
  assert.equal(refused.length, 2);
  await goodIsWell();
});

test("a message of one guest about the instance of another is refused and reported", async () => {
  const { h, pass, goodIsWell } = await two();
  const attacker = new FakeGuest(forever);
  h.guestOf = { other: attacker };
  await h.engine.saveWorkflow({
    name: "other",
    className: "Flow",
    root: ".",
    main: "f.py",
    vars: "{}",
    versionId: "v1",
    stepLimit: null,
  });
  await h.engine.creator.create("other", { id: "attacker" });
  await h.settle();

  const forged = /** @type {FromGuest[]} */ ([
    { type: "end", pass, value: encode("FORGED") },
    { type: "fail", pass, error: { name: "E", message: "FORGED" } },
    { type: "log", pass, level: "stdout", text: "FORGED" },
  ]);
  for (const message of forged) attacker.onmessages([message]);
  attacker.onlost([{ pass, blamed: [], reason: "FORGED" }]);
  await h.settle();

  assert.equal(h.status("bad"), "running");
  assert.equal(h.forgeries.length, 4);
  assert.deepEqual(h.forgeries[0], { workflow: "flow", id: "bad" });
  await h.event("go", {}, "bad");
  assert.equal(h.output("bad"), "done");
  await goodIsWell();
});

test("an instance whose log is damaged is ended, and the others run", OF_FILES, async () => {
  const { h, goodIsWell } = await two();
  await h.pass(100);
  h.db.prepare("UPDATE log SET detail = '{' WHERE instance = ? AND event = 5").run(h.row("bad").number);
  h.crash();
  await h.event("go", {}, "bad");
  await h.pass(1000);

  assert.equal(h.status("bad"), "errored");
  assert.match(h.error("bad").message, /what the state has of it is damaged/);
  assert.deepEqual(
    h.faults.map(({ id }) => id),
    ["bad"],
  );
  await goodIsWell();
});

test("a damaged schedule keeps no other from its time", async () => {
  const h = new Harness(async () => "done", { settings: { schedules: ["0 * * * *"] } });
  await h.settle();
  h.db.prepare("INSERT INTO schedules VALUES ('flow', 'nonsense', 0)").run();
  h.crash();
  await h.pass(3_600_000);

  assert.equal(h.store.countByStatus("flow").complete, 1);
  assert.deepEqual(h.problems, []);
});

test("a state that cannot be written takes nothing of a turn's messages, and is reported once", async () => {
  let blocks = true;
  const h = new Harness(async (_event, step) => {
    await step.do("a", () => (blocks ? forever() : 1));
    return "done";
  });
  await h.create({}, "one");
  await h.create({}, "two");
  await h.pass(100); // nothing is left to be committed
  const begin = h.store.begin.bind(h.store);
  h.store.begin = () => {
    throw new Error("The disk is full.");
  };
  h.guest.onmessages([...h.guest.passes.keys()].map((pass) => ({ type: "end", pass, value: encode("lost") })));
  await h.settle();
  h.store.begin = begin;

  assert.equal(h.problems.length, 1);
  blocks = false;
  h.crash();
  await h.settle();
  assert.deepEqual([h.output("one"), h.output("two")], ["done", "done"]);
});
