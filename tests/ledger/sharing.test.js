/** Several engines on one state: each runs the instances of its parts, and all of them carry out every command. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { LineIds } from "../../js/ledger/line_ids.js";
import { PARTS, partOf, shareOf } from "../../js/ledger/parts.js";
import { shared, SharedState } from "./shared_state.js";

const OTHER_WORKFLOW = {
  name: "second",
  className: "S",
  root: ".",
  main: "s.py",
  vars: "{}",
  versionId: "v",
  stepLimit: null,
};

test("parts are divided equally, and each has one holder", () => {
  for (const engines of [[7], [3, 9], [5, 1, 8], Array.from({ length: 70 }, (_, id) => id)]) {
    const shares = engines.map((id) => shareOf(engines, id));
    assert.equal(
      shares.reduce((sum, share) => sum + share),
      PARTS,
    );
    assert.ok(Math.max(...shares) - Math.min(...shares) <= 1);
  }
  const parts = new Set(Array.from({ length: 2000 }, (_, n) => partOf("flow", `i${n}`)));
  assert.equal(parts.size, PARTS);
});

test("ids of lines differ between engines, and grow where an instance goes to another one", () => {
  const [one, two] = [new LineIds(1), new LineIds(2)];
  const now = Date.UTC(2080, 0, 1);
  const first = Array.from({ length: 100 }, () => one.next(now));
  const others = Array.from({ length: 100 }, () => two.next(now));
  two.follow(Math.max(...first));
  // Its clock is late.
  const later = two.next(now - 60_000);

  assert.equal(new Set([...first, ...others]).size, 200);
  assert.deepEqual(
    first.toSorted((a, b) => a - b),
    first,
  );
  assert.ok(later > Math.max(...first, ...others));
  assert.ok(Number.isSafeInteger(later));
});

test("an engine that joins gets its share, and instances run where their part is held", async () => {
  /** @type {Record<string, string[]>} */
  const ran = {};
  const state = await shared(
    (name) => (event, step) => step.do("a", () => (ran[name] ??= []).push(event.instanceId)),
    3,
  );
  assert.deepEqual(state.shares(), [22, 21, 21]);
  assert.deepEqual(
    state.members.map(({ engine }) => engine.division),
    [22, 21, 21].map((parts) => ({ parts, engines: 3 })),
  );
  assert.deepEqual(
    (await state.answer(state.members[1].engine.engines())).map(({ name, parts, isThis }) => [name, parts, isThis]),
    state.members.map(({ name }, place) => [name, [22, 21, 21][place], place === 1]),
  );
  const ids = state.idsOf(3);
  const [{ engine }] = state.members;

  for (const id of ids.flat()) await state.answer(engine.creator.create("flow", { id }));
  await state.pass(1000);

  assert.deepEqual(
    Object.entries(ran).map(([name, each]) => [name, each.toSorted()]),
    state.members.map(({ name }, place) => [name, ids[place].toSorted()]),
  );
  state.close();
});

test("every command can be given to any engine", async () => {
  const state = await shared(
    () => async (_event, step) => {
      await step.sleep("nap", "1 hour");
      return (await step.waitForEvent("wait", { type: "go" })).payload;
    },
    2,
  );
  const [mine, theirs] = state.idsOf(2);
  const { engine } = state.members[0];
  const { commands, creator } = engine;
  for (const id of [mine[0], theirs[0], theirs[1]]) {
    assert.equal(await state.answer(creator.create("flow", { id })), id);
  }
  await assert.rejects(state.answer(creator.create("flow", { id: theirs[0] })), { reason: "instance.already_exists" });
  await state.pass(100);
  const status = async (/** @type {string} */ id) => (await state.answer(engine.get("flow", id))).status;

  await state.answer(commands.pause("flow", theirs[0]));
  assert.equal(await status(theirs[0]), "paused");
  await state.answer(commands.resume("flow", theirs[0]));
  await state.answer(commands.skipSleep("flow", theirs[0]));
  await state.answer(commands.sendEvent("flow", theirs[0], "go", '"sent"'));
  await state.pass(1000);
  assert.equal((await state.answer(engine.get("flow", theirs[0]))).output, '"sent"');
  await state.answer(commands.restart("flow", theirs[0], undefined, { force: true }));
  assert.equal(await status(theirs[0]), "waiting");
  await state.answer(commands.terminate("flow", theirs[0]));
  assert.equal(await status(theirs[0]), "terminated");
  await assert.rejects(state.answer(commands.terminate("flow", theirs[0])), { reason: "instance.cannot_terminate" });
  await state.answer(commands.delete("flow", theirs[0]));
  await assert.rejects(state.answer(engine.get("flow", theirs[0])), { reason: "instance.not_found", code: 10400 });
  assert.equal(await state.answer(engine.find("flow", theirs[0])), undefined);
  assert.deepEqual(await state.answer(commands.deleteBatch("flow", [mine[0], "none", theirs[1]])), {
    deleted: [{ id: mine[0] }, { id: theirs[1] }],
    errors: [{ id: "none", code: 10400, message: "workflows.api.error.instance.not_found" }],
  });
  state.close();
});

test("what is read of instances is whole, whichever engine is asked", async () => {
  const state = await shared(
    () => async (_event, step) => {
      const result = await step.do("a", () => "found");
      await step.sleep("nap", "1 hour");
      return result;
    },
    2,
  );
  const ids = state.idsOf(2).flat();
  const [{ engine }, { engine: other }] = state.members;
  for (const id of ids) await state.answer(engine.creator.create("flow", { id }));
  await state.pass(1000);
  await state.answer(engine.commands.skipSleep("flow", ids[3]));
  await state.pass(100);

  for (const asked of [engine, other]) {
    const { rows, total } = await state.answer(asked.list({ workflow: "flow", ascending: true, limit: 3, offset: 0 }));
    assert.deepEqual([rows.map(({ id }) => id), total], [ids.slice(0, 3), 4]);
    assert.deepEqual(await state.answer(asked.countByStatus("flow")), { complete: 1, waiting: 3 });
    const sorted = await state.answer(
      asked.sorted({ by: "id", ascending: true, workflow: "flow", status: undefined, limit: 10 }),
    );
    assert.deepEqual([sorted.rows.map(({ id }) => id), sorted.next], [ids.toSorted(), null]);
    const { found } = await state.answer(
      asked.search({ text: "found", workflow: "flow", account: "default", status: undefined, before: 1e15, limit: 5 }),
    );
    assert.equal(found.length, 4);
    const from = state.clock.now() - 10_000;
    const activity = await state.answer(
      asked.activity({ workflow: "flow", account: "default", from, bucketMs: 20_000, buckets: 1 }),
    );
    assert.deepEqual([activity.created, activity.completed, activity.steps], [[4], [1], [4]]);
    for (const id of ids) {
      const { number } = await state.answer(asked.get("flow", id));
      const log = await state.answer(asked.log(number));
      assert.ok(log.some(({ value }) => value === '"found"'));
      const added = await state.answer(asked.additions(number, { entry: 0, line: 0 }));
      assert.equal(added.exists, true);
    }
  }
  assert.equal(await state.answer(engine.lastNumber()), await state.answer(other.lastNumber()));
  state.close();
});

test("a follower gets the events of an instance that another engine runs", async () => {
  const state = await shared(() => (_event, step) => step.waitForEvent("wait", { type: "go" }), 2);
  const [, [id]] = state.idsOf(1);
  const { engine } = state.members[0];
  await state.answer(engine.creator.create("flow", { id }));
  const { number } = await state.answer(engine.get("flow", id));
  let notified = 0;
  const unwatch = engine.watch(number, () => (notified += 1));

  await state.pass(1000);
  unwatch();
  const asked = notified;
  await state.pass(1000);

  assert.ok(asked >= 3);
  assert.equal(notified, asked);
  state.close();
});

test("an observer of all instances gets what its engine runs", async () => {
  const state = await shared(() => (_event, step) => step.do("a", () => 1), 2);
  const [[mine], [theirs]] = state.idsOf(1);
  const [{ engine }] = state.members;
  /** @type {Set<string>} */
  const seen = new Set();
  const unobserve = engine.observe((additions) => additions.forEach(({ id }) => seen.add(id)));

  for (const id of [mine, theirs]) await state.answer(engine.creator.create("flow", { id }));
  await state.pass(1000);
  unobserve();

  assert.deepEqual([...seen], [mine]);
  state.close();
});

test("when an engine is killed the others continue its instances, and no step that has ended runs again", async () => {
  /** @type {string[]} */
  const ran = [];
  const state = await shared(
    () => async (event, step) => {
      await step.do("first", () => ran.push(`first ${event.instanceId}`));
      await step.sleep("nap", 5000);
      return await step.do("second", () => ran.push(`second ${event.instanceId}`));
    },
    3,
  );
  const ids = state.idsOf(2).flat();
  for (const id of ids) await state.answer(state.members[0].engine.creator.create("flow", { id }));
  await state.pass(500);

  state.kill(state.members[1]);
  await state.pass(1000);
  assert.deepEqual(state.shares(), [32, 32]);
  await state.pass(6000);

  const { engine } = state.members[1];
  for (const id of ids) assert.equal((await state.answer(engine.get("flow", id))).status, "complete");
  assert.deepEqual(ran.toSorted(), ids.flatMap((id) => [`first ${id}`, `second ${id}`]).toSorted());
  state.close();
});

test("an engine that is declared dead while it lives writes nothing, and the others continue", async () => {
  const state = await shared(() => async (_event, step) => step.do("a", () => "done"), 2);
  const [ids] = state.idsOf(1);
  const [zombie, other] = state.members;
  await state.answer(zombie.engine.creator.create("flow", { id: ids[0] }));
  await state.pass(100);
  /** @type {any} */ (state.database.engines.get(zombie.attached.member.id)).dead = true;
  void zombie.engine.creator.create("flow", { id: "late" }).catch(() => {});
  await state.pass(3000);

  assert.equal(zombie.fenced.length, 1);
  state.members = [other];
  assert.deepEqual(state.shares(), [PARTS]);
  assert.equal((await state.answer(other.engine.get("flow", ids[0]))).output, '"done"');
  await assert.rejects(state.answer(other.engine.get("flow", "late")), { reason: "instance.not_found" });
  state.close();
});

test("an engine that joins waits for attempts that run, and none of them is charged or runs again", async () => {
  /** @type {(() => void)[]} */
  const ends = [];
  /** @type {string[]} */
  const ran = [];
  const run = (/** @type {string} */ name) => async (/** @type {any} */ event, /** @type {any} */ step) => {
    await step.do("long", { retries: { limit: 0, delay: 0 } }, async () => {
      ran.push(event.instanceId);
      await new Promise((resolve) => ends.push(() => resolve(undefined)));
    });
    return await step.do("where", () => name);
  };
  const state = await shared(run, 1);
  const ids = Array.from({ length: 200 }, (_, n) => `i${n}`);
  const { engine } = state.members[0];
  for (const id of ids) await engine.creator.create("flow", { id });
  await state.pass(100);
  assert.equal(ran.length, 200);
  const joining = state.join("engine 2");
  await state.settle();
  for (const end of ends.splice(0)) end();
  await joining;
  await state.pass(5000);

  assert.deepEqual(state.shares(), [32, 32]);
  const places = new Set();
  for (const id of ids) {
    const row = await state.answer(engine.get("flow", id));
    assert.equal(row.status, "complete", row.error ?? "");
    places.add(row.output);
  }
  assert.deepEqual(ran.toSorted(), ids.toSorted());
  state.close();
});

test("an attempt that does not end in time begins again at the engine that takes over", async () => {
  /** @type {string[]} */
  const ran = [];
  const state = await shared(
    (name) => async (_event, step) =>
      step.do("long", async () => {
        ran.push(name);
        if (name === "engine 1") await new Promise(() => {});
        return name;
      }),
    1,
  );
  const ids = Array.from({ length: 64 }, (_, n) => `i${n}`);
  const { engine } = state.members[0];
  for (const id of ids) await engine.creator.create("flow", { id });
  await state.pass(100);
  const { engine: other } = await state.join("engine 2");
  await state.pass(40_000);

  assert.deepEqual(state.shares(), [32, 32]);
  const counts = await state.answer(other.countByStatus("flow"));
  assert.equal((counts.complete ?? 0) + (counts.running ?? 0), 64);
  assert.ok(counts.complete > 10);
  assert.equal(ran.filter((name) => name === "engine 2").length, counts.complete);
  state.close();
});

test("an engine that is idle holds parts only where there is no other one, and its share once it is active", async () => {
  /** @type {string[]} */
  const ran = [];
  const state = new SharedState((name) => (_event, step) => step.do("a", () => ran.push(name)));
  const idle = await state.join("idle", { idle: true });
  await state.pass(1000);
  assert.deepEqual(state.shares(), [PARTS]);
  await state.answer(idle.engine.creator.create("flow", { id: "a" }));
  await state.pass(1000);
  assert.deepEqual(ran, []);

  await state.join("active");
  await state.pass(3000);
  assert.deepEqual(state.shares(), [0, PARTS]);
  assert.deepEqual(ran, ["active"]);
  assert.equal((await state.answer(idle.engine.get("flow", "a"))).status, "complete");

  idle.engine.activate();
  await state.pass(3000);
  assert.deepEqual(state.shares(), [32, 32]);
  state.close();
});

test("ids are unique over all engines", async () => {
  const state = await shared(() => (_event, step) => step.do("a", () => 1), 3);
  const ids = state.idsOf(2).flat();

  const outcomes = await state.answer(
    Promise.allSettled(ids.flatMap((id) => state.members.map(({ engine }) => engine.creator.create("flow", { id })))),
  );

  assert.equal(outcomes.filter(({ status }) => status === "fulfilled").length, ids.length);
  assert.equal((await state.answer(state.members[0].engine.list({ limit: 100 }))).total, ids.length);
  const numbers = state.database.rows("instances").map(([number]) => number);
  assert.equal(new Set(numbers).size, ids.length);
  state.close();
});

test("a batch is created wherever its instances are run, and says which there are already", async () => {
  const state = await shared(() => (_event, step) => step.do("a", () => 1), 2);
  const [[mine], [theirs, taken]] = state.idsOf(2);
  const { creator } = state.members[0].engine;
  await state.answer(creator.create("flow", { id: taken }));

  /** @type {any} */
  const made = await state.answer(
    creator.createBatch("flow", { instances: [{ id: mine }, { id: theirs }, { id: taken }, { id: theirs }, {}] }),
  );

  assert.deepEqual(made.errors, [
    { index: 2, id: taken, code: 10405, message: "workflows.api.error.instance.already_exists" },
    { index: 3, id: theirs, code: 10415, message: "workflows.api.error.instance.duplicate_in_batch" },
  ]);
  assert.deepEqual(
    made.created.map((/** @type {{ id: string }} */ { id }) => id.replace(/\d+$/, "")),
    [mine, theirs].map((id) => id.replace(/\d+$/, "")).concat("generated-"),
  );
  await assert.rejects(state.answer(creator.createBatch("flow", [{ id: theirs }, { id: "no spaces" }])), {
    reason: "instance.invalid_id",
  });
  state.close();
});

test("each time of a schedule creates one instance, while engines come and go", async () => {
  const state = await shared(() => (_event, step) => step.do("a", () => 1), 2, {
    schedules: ["* * * * *", "*/2 * * * *"],
  });
  await state.pass(60_000);
  state.kill(state.members[0]);
  await state.pass(2 * 60_000);
  await state.join("engine 3");
  await state.pass(60_000);

  const { rows, total } = await state.answer(state.members[0].engine.list({ workflow: "flow", limit: 100 }));
  const times = rows.map(({ schedule }) => JSON.parse(schedule ?? "{}"));
  const each = times.filter((time) => time.cron === "* * * * *").map((time) => time.scheduledTime);
  assert.equal(new Set(rows.map(({ id }) => id)).size, total);
  const span = Math.max(...each) - Math.min(...each);
  assert.equal(each.length, span / 60_000 + 1, "no minute is left out");
  assert.ok(each.length >= 4, String(each.length));
  state.close();
});

test("a call whose engine dies before it answers is reported, and one that no engine has taken is not carried out", async () => {
  const state = await shared(() => (_event, step) => step.waitForEvent("wait", { type: "go" }), 2);
  const [, [id]] = state.idsOf(1);
  const [{ engine }, other] = state.members;
  await state.answer(engine.creator.create("flow", { id }));
  await state.pass(100);
  // It takes the call, and is gone.
  const { ledger } = other.attached;
  ledger.answerCalls = () => new Promise(() => {});
  const sent = engine.commands.sendEvent("flow", id, "go", '"one"');
  const refused = assert.rejects(sent, {
    reason: "engine.no_answer",
    message: /it has died, and the request may have been carried out/,
  });
  await state.settle();
  await state.pass(600);
  state.kill(other);
  await state.pass(2000);
  await refused;

  assert.equal((await state.answer(engine.get("flow", id))).output?.includes("one"), true);
  state.close();
});

test("engines with different code each run their own, and do not change it for each other", async () => {
  const state = new SharedState((name) => (_event, step) => step.do("a", () => name));
  const { engine: older } = await state.join("older", { versionId: "v1" });
  const { engine: newer } = await state.join("newer", { versionId: "v2" });
  await state.pass(3000);
  const ids = state.idsOf(2);
  for (const id of ids.flat()) await state.answer(older.creator.create("flow", { id }));
  await state.pass(2000);
  const { commonVersion } = state.database;
  await state.pass(5000);

  assert.equal(state.database.commonVersion, commonVersion, "they come to an end");
  assert.deepEqual([(await older.workflow("flow")).versionId, (await newer.workflow("flow")).versionId], ["v1", "v2"]);
  for (const [place, version] of ["v1", "v2"].entries()) {
    const row = await state.answer(newer.get("flow", ids[place][0]));
    assert.deepEqual([row.status, row.versionId], ["complete", version]);
  }
  state.close();
});

test("a workflow that one engine registers is known to the others", async () => {
  const state = await shared(() => (_event, step) => step.do("a", () => 1), 2);
  const [{ engine }, { engine: other }] = state.members;

  await engine.saveWorkflow(OTHER_WORKFLOW);
  await state.pass(2000);

  assert.equal((await other.workflow("second")).main, "s.py");
  state.close();
});
