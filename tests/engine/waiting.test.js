import assert from "node:assert/strict";
import { test } from "node:test";
import { SLEEP_START, WAIT_COMPLETE, WAIT_TIMED_OUT } from "../../js/engine/events.js";
import { Harness } from "./harness.js";

const HOUR = 3_600_000;

test("a sleeping instance is parked: no pass, no timer but the engine's own, status waiting", async () => {
  const h = new Harness(async (_, step) => {
    await step.sleep("nap", "1 hour");
    return "awake";
  });

  await h.create();
  assert.equal(h.status(), "running");
  await h.pass(50);

  assert.equal(h.status(), "waiting");
  assert.equal(h.guest.passes.size, 0);
  assert.equal(h.clock.size, 1);
  await h.pass(HOUR);
  assert.equal(h.output(), "awake");
});

test("a pass that shares its quiet with something of its own is not parked", async () => {
  const { promise: own, resolve } = Promise.withResolvers();
  const h = new Harness(async (_, step) => {
    const nap = step.sleep("nap", "1 hour");
    await step.do("long", () => own);
    await nap;
    return "done";
  });

  await h.create();
  await h.pass(10_000);
  assert.equal(h.status(), "running");
  assert.equal(h.guest.passes.size, 1);
  resolve(1);
  await h.settle();
  await h.pass(50);

  assert.equal(h.status(), "waiting");
});

test("a sleep shorter than the linger does not park", async () => {
  const h = new Harness((_, step) => step.sleep("blink", 20));

  await h.create();
  await h.pass(20);

  assert.equal(h.status(), "complete");
  assert.ok(!h.log({ workflow: true }).includes("WORKFLOW_WAITING"));
});

test("a sleep goes on after a crash with what was left of it, and is logged once", async () => {
  const h = new Harness(async (_, step) => {
    await step.sleep("nap", "1 hour");
    return "awake";
  });

  await h.create();
  await h.pass(HOUR / 2);
  h.crash();
  await h.pass(HOUR / 2 - 1);
  assert.equal(h.status(), "waiting");
  await h.pass(1);

  assert.equal(h.output(), "awake");
  assert.deepEqual(h.log(), ["SLEEP_START nap-1", "SLEEP_COMPLETE nap-1"]);
});

test("sleepUntil keeps its moment over a crash, also when that lies in the past by then", async () => {
  const h = new Harness(async (event, step) => {
    await step.sleepUntil("then", event.payload.at);
    await step.do("mark", () => 1);
    return step.sleep("later", "1 hour");
  });

  await h.create({ at: h.clock.now() + 1000 });
  await h.pass(2000);
  h.crash();
  await h.pass(HOUR);

  assert.equal(h.status(), "complete");
  assert.deepEqual(
    h.details(SLEEP_START).map((d) => d.durationMs),
    [1000, HOUR],
  );
});

test("sleeping until a time in the past is refused in upstream's words", async () => {
  const h = new Harness((event, step) => step.sleepUntil("then", event.payload.at));

  await h.create({ at: h.clock.now() - 1 });

  assert.deepEqual(h.error(), { name: "Error", message: "You can't sleep until a time in the past, time-traveler" });
});

for (const duration of [-1, "5 parsecs", "soon", "366 days"]) {
  test(`sleeping for ${JSON.stringify(duration)} is refused with the rule`, async () => {
    const h = new Harness((_, step) => step.sleep("nap", duration));
    await h.create();
    assert.match(h.error().message, /Sleep "nap" has duration .*allowed are 0 to 365 days/);
  });
}

test("parts of a millisecond count as whole ones, wherever a time is given", async () => {
  const h = new Harness(async (event, step) => {
    await step.sleep("length", 0.5);
    await step.sleepUntil("moment", event.payload.at);
    await step.do("retried", { retries: { limit: 1, delay: 0.25 }, timeout: 1000.5 }, async ({ attempt }) => {
      if (attempt === 1) throw new Error("once more");
    });
    return await step.waitForEvent("event", { type: "go", timeout: 1000.5 }).catch((error) => error.name);
  });

  await h.create({ at: h.clock.now() + 100.25 });
  await h.pass(3000);
  assert.equal(h.status(), "complete");
  assert.deepEqual(h.problems, []);
  assert.equal(h.log().filter((line) => line === "ATTEMPT_START retried-1").length, 2);
});

test("an event reaches the wait for its type", async () => {
  const h = new Harness((_, step) => step.waitForEvent("w", { type: "go" }));

  await h.create();
  await h.event("other", { no: 1 });
  assert.notEqual(h.status(), "complete");
  await h.event("go", { yes: 1 });

  assert.deepEqual(h.output().payload, { yes: 1 });
  assert.equal(h.output().type, "go");
});

test("an event that was sent before the wait counts, in order, also more than ten of them", async () => {
  const h = new Harness(async (_, step) => {
    await step.sleep("first", "1 hour");
    const seen = [];
    for (let i = 0; i < 12; i++) seen.push((await step.waitForEvent("w", { type: "go" })).payload);
    return seen;
  });

  await h.create();
  await h.pass(1000);
  for (let i = 0; i < 12; i++) await h.event("go", i);
  await h.pass(HOUR);

  assert.deepEqual(h.output(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
});

test("an event is delivered once, also after a crash", async () => {
  const h = new Harness(async (_, step) => {
    const first = await step.waitForEvent("w", { type: "go" });
    const second = await step
      .waitForEvent("w", { type: "go", timeout: "1 hour" })
      .catch((/** @type {Error} */ e) => e.name);
    return [first.payload, second];
  });

  await h.create();
  await h.event("go", "only");
  h.crash();
  await h.pass(2 * HOUR);

  assert.deepEqual(h.output(), ["only", "WorkflowTimeoutError"]);
});

test("the oldest waiter gets the event", async () => {
  const h = new Harness((_, step) =>
    Promise.all([step.waitForEvent("a", { type: "go" }), step.waitForEvent("b", { type: "go" })]).then((events) =>
      events.map((e) => e.payload),
    ),
  );

  await h.create();
  await h.event("go", 1);
  h.crash();
  await h.settle();
  await h.event("go", 2);

  assert.deepEqual(h.output(), [1, 2]);
});

test("a wait that has timed out swallows no later event", async () => {
  const h = new Harness(async (_, step) => {
    const out = [];
    for (const timeout of ["1 hour", "1 second", "1 hour"]) {
      out.push(
        await step.waitForEvent("w", { type: "go", timeout }).then(
          (e) => e.payload,
          (/** @type {Error} */ e) => e.message,
        ),
      );
    }
    return out;
  });

  await h.create();
  await h.event("go", 1);
  await h.pass(1000);
  await h.event("go", 3);

  assert.deepEqual(h.output(), [1, "Execution timed out after 1000ms", 3]);
  assert.equal(h.details(WAIT_COMPLETE).length, 2);
  assert.equal(h.details(WAIT_TIMED_OUT).length, 1);
});

test("a retry that waits long is parked, and goes on after a crash with the time that is left", async () => {
  const h = new Harness((_, step) =>
    step.do("a", { retries: { limit: 1, delay: "1 hour" } }, (ctx) => {
      if (ctx.attempt === 1) throw new Error("no");
      return ctx.attempt;
    }),
  );

  await h.create();
  await h.pass(1000);
  assert.equal(h.status(), "waiting");
  h.crash();
  await h.pass(HOUR - 1001);
  assert.equal(h.status(), "waiting");
  await h.pass(1);

  assert.equal(h.output(), 2);
});

test("an event for a finished instance is refused", async () => {
  const h = new Harness(async () => 1);
  await h.create();

  await assert.rejects(h.engine.commands.sendEvent("flow", "i1", "go", "{}"), /already complete/);
});

test("the pass of a parked instance is kept for a while: waking it up soon costs no replay", async () => {
  let runs = 0;
  const h = new Harness(
    async (_, step) => {
      runs += 1;
      await step.sleep("nap", "5 seconds");
      return (await step.waitForEvent("w", { type: "go" })).payload;
    },
    { keepParked: 10_000 },
  );

  await h.create();
  await h.pass(1000);
  assert.equal(h.status(), "waiting");
  await h.pass(4000);
  assert.equal(h.status(), "running");
  await h.pass(1000);
  assert.equal(h.status(), "waiting");
  await h.event("go", "soon");

  assert.equal(h.output(), "soon");
  assert.equal(runs, 1);
  const changes = h.log({ workflow: true }).filter((line) => line.startsWith("WORKFLOW_"));
  assert.deepEqual(changes.slice(2), [
    "WORKFLOW_RUNNING",
    "WORKFLOW_WAITING",
    "WORKFLOW_RUNNING",
    "WORKFLOW_WAITING",
    "WORKFLOW_RUNNING",
    "WORKFLOW_SUCCESS",
  ]);
});

test("a pass that is kept is let go after its time, and survives nothing that the log would not", async () => {
  const h = new Harness(
    async (_, step) => {
      await step.sleep("nap", "1 hour");
      return "awake";
    },
    { keepParked: 10_000 },
  );

  await h.create();
  await h.pass(1000);
  assert.equal(h.guest.passes.size, 1);
  await h.pass(10_000);
  assert.equal(h.guest.passes.size, 0);
  assert.equal(h.status(), "waiting");
  await h.pass(HOUR);

  assert.equal(h.output(), "awake");
});

test("passes that are kept make room for others", async () => {
  const h = new Harness(async (_, step) => step.sleep("nap", "5 seconds"), { keepParked: 10_000 });

  await Promise.all(Array.from({ length: 2500 }, (_, i) => h.engine.creator.create("flow", { id: `i${i}` })));
  await h.pass(60);
  await h.pass(60);
  await h.pass(60);
  assert.equal((await h.engine.countByStatus("flow")).waiting, 2500);
  assert.ok(h.guest.passes.size <= 1000, String(h.guest.passes.size));
  await h.pass(5000);
  await h.settle();

  assert.equal((await h.engine.countByStatus("flow")).complete, 2500);
});

test("a kept pass can be paused, and the instance sleeps on by what was left", async () => {
  const h = new Harness(async (_, step) => step.sleep("nap", "5 seconds"), { keepParked: 10_000 });
  await h.create();
  await h.pass(1000);

  await h.engine.commands.pause("flow", "i1");
  assert.equal(h.status(), "paused");
  await h.pass(60_000);
  await h.engine.commands.resume("flow", "i1");
  await h.pass(3999);
  assert.equal(h.status(), "waiting");
  await h.pass(1);

  assert.equal(h.status(), "complete");
});

test("an event that comes after a wait's deadline while nothing runs belongs to the next wait", async () => {
  const h = new Harness(async (_event, step) => {
    const first = await step.waitForEvent("first", { type: "tick", timeout: 3000 }).then(
      () => "got",
      () => "timeout",
    );
    return [first, (await step.waitForEvent("second", { type: "tick", timeout: "1 hour" })).payload];
  });
  await h.create();
  await h.pass(100);
  h.idle = true;
  h.crash();
  await h.pass(6000);
  await h.event("tick", "late");
  h.idle = false;
  h.crash();
  await h.pass(1000);

  assert.deepEqual(h.output(), ["timeout", "late"]);
});

test("an event that came before the deadline is for the wait, however late that is noticed", async () => {
  const h = new Harness(async (_event, step) => {
    return (await step.waitForEvent("first", { type: "tick", timeout: 3000 })).payload;
  });
  await h.create();
  await h.pass(100);
  h.idle = true;
  h.crash();
  await h.pass(1000);
  await h.event("tick", "early");
  await h.pass(60_000);
  h.idle = false;
  h.crash();
  await h.settle();

  assert.equal(h.output(), "early");
});

for (const [what, sentAt, ends] of /** @type {[string, number, string[]][]} */ ([
  ["an event that comes before a sleep is over is first", 1000, ["WAIT_COMPLETE", "SLEEP_COMPLETE"]],
  ["an event that comes after a sleep is over is second", 3000, ["SLEEP_COMPLETE", "WAIT_COMPLETE"]],
  ["an event that comes after all deadlines is not for the wait", 5000, ["SLEEP_COMPLETE", "WAIT_TIMED_OUT"]],
])) {
  test(`while nothing runs, ${what}`, async () => {
    const h = new Harness(async (_event, step) => {
      const wait = step.waitForEvent("wait", { type: "tick", timeout: 4000 }).catch(() => "timeout");
      await Promise.all([wait, step.sleep("patience", 2000)]);
    });
    await h.create();
    await h.pass(100);
    h.idle = true;
    h.crash();
    await h.pass(sentAt - 100);
    await h.event("tick", "sent");
    await h.pass(60_000);
    h.idle = false;
    h.crash();
    await h.settle();

    const log = h.log().map((line) => line.split(" ")[0]);
    assert.deepEqual(log, ["WAIT_START", "SLEEP_START", ...ends]);
  });
}
