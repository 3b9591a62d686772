/** Durable Objects in each language: what they store, how they are called, and what keeps their events apart. */

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { LANGUAGES, openPlace } from "./places.js";

for (const language of LANGUAGES) {
  describe(language.where, () => {
    /** @type {Awaited<ReturnType<typeof openPlace>>} */
    let place;
    /** @type {(method: string, ...args: any[]) => Promise<any>} a method of the Worker */
    let worker;
    before(async () => {
      place = await openPlace(language);
      worker = (method, ...args) => place.worker.call(undefined, method, args);
    });
    after(() => place.close());

    /** The stub of a Counter. @param {string} name */
    const counter = (name) => place.named("Counter", name);

    test("a stub calls a method of the object, which keeps what it has stored", async () => {
      assert.equal(await worker("through", "a"), 1);
      assert.equal(await worker("through", "a"), 2);
      assert.equal(await worker("through", "b"), 1);
    });

    test("a stub's fetch is the object's", async () => {
      assert.equal(await worker("fetched", "f"), "POST 1");
    });

    test("ids: the same for a name, others for unique ones, and texts of them", async () => {
      assert.deepEqual(await worker("ids"), { same: true, text: true, unique: true, stub: true });
    });

    test("an id of another namespace is refused", async () => {
      await assert.rejects(worker("wrong_id"), /does not match this Durable Object class/);
    });

    test("an object knows its id and its name", async () => {
      await counter("named").call("add", 3);

      const about = await counter("named").call("about");

      assert.equal(about.name, "named");
      assert.match(about.id, /^[0-9a-f]{64}$/);
    });

    test("calls that come at once do not see each other's halves", async () => {
      assert.deepEqual(await worker("both", "many"), [1, 2, 3, 4, 5]);
    });

    // The pool counts, for every language; a thousand tracebacks in one take Python seconds.
    test("an object that calls itself without end is refused", { skip: language.suffix !== ".mjs" }, async () => {
      const stub = counter("endless");

      await assert.rejects(stub.call("descend"), /Durable Object is overloaded: Counter 'endless' owes 1000 answers/);
      assert.equal(await stub.call("add"), 1);
    });

    test("nothing begins between a read of the storage and what follows it at once", async () => {
      const stub = counter("gate");

      const results = await Promise.all(Array.from({ length: 5 }, () => stub.call("add_slowly")));

      assert.deepEqual(
        results.toSorted((a, b) => a - b),
        [1, 2, 3, 4, 5],
      );
    });

    test("an exception keeps what was written before it", async () => {
      await assert.rejects(counter("fails").call("fail"), /no good/);

      assert.equal(await counter("fails").call("add"), 101);
    });

    test("several keys: get, list in order, delete", async () => {
      assert.deepEqual(await counter("values").call("values"), {
        some: { a: 1, c: 3 },
        listed: ["b", "c"],
        reverse: ["c", "b"],
        deleted: true,
        count: 1,
        missing: null,
      });
    });

    test("values of all kinds come back", async () => {
      const value = { text: "ä", list: [1, 2.5, true, null], date: new Date(5), bytes: Uint8Array.of(1, 2) };

      const got = await counter("kinds").call("store", value);

      assert.equal(got.text, "ä");
      assert.deepEqual(got.list, [1, 2.5, true, null]);
      assert.equal(Number(got.date), 5);
      assert.deepEqual([...new Uint8Array(got.bytes.buffer ?? got.bytes)], [1, 2]);
    });

    test("SQL: several statements, bindings, columns, rows", async () => {
      assert.deepEqual(await counter("sql").call("sql"), {
        columns: ["id", "name"],
        rows: [
          { id: 1, name: "x" },
          { id: 2, name: "y" },
        ],
        one: { n: 1 },
      });
    });

    test("SQL: statements after comments are carried out", async () => {
      await counter("comments").call("run_sql", "/* a */ CREATE TABLE t (n); /* b */ INSERT INTO t VALUES (1); -- c");

      assert.deepEqual(await counter("comments").call("run_sql", "/**/ SELECT n /* d */ FROM t; /* e */"), [{ n: 1 }]);
    });

    test("SQL: VACUUM is carried out", async () => {
      assert.deepEqual(await counter("vacuum").call("run_sql", "VACUUM"), []);
    });

    test("a transaction that raises is undone", async () => {
      assert.deepEqual(await counter("txn").call("transact", true), ["undone", null]);
      assert.deepEqual(await counter("txn").call("transact", false), [1, 1]);
    });

    for (const [sql, reason] of [
      ["BEGIN", /ctx.storage.transaction\(\)/],
      ["COMMIT", /ctx.storage.transaction\(\)/],
      ["SAVEPOINT a", /ctx.storage.transaction\(\)/],
      ["ATTACH '/tmp/x.sqlite' AS x", /cannot reach other databases/],
      ["VACUUM INTO '/tmp/x.sqlite'", /cannot reach other databases/],
      ["-- a\n/* b */ vacuum/**/main\ninto'/tmp/x.sqlite'", /cannot reach other databases/],
      ["/* a **/ SELECT nope /* b */", /no such column: nope/],
      ["/* nothing", /no SQL statement/],
      ["SELECT * FROM _cf_KV", /belong to the storage/],
      ["DROP TABLE _cf_ALARM", /belong to the storage/],
      ["PRAGMA journal_mode = DELETE", /not allowed/],
      ["SELECT 1; \0 SELECT 2", /zero character at index 10/],
      ["SELECT nope", /no such column: nope/],
      ["  -- nothing", /no SQL statement/],
    ])
      test(`SQL is refused: ${sql}`, async () => {
        await assert.rejects(counter("refused").call("run_sql", sql), /** @type {RegExp} */ (reason));
      });

    test("a method that the class does not have is an error", async () => {
      await assert.rejects(counter("missing").call("nope"), /Counter has no method nope\(\)/);
    });

    for (const method of ["constructor", "destructor", "alarm", "webSocketMessage"])
      test(`a stub cannot call ${method}()`, async () => {
        await assert.rejects(counter("missing").call(method), /reserved method/);
      });

    test("a method that begins with an underscore cannot be called", { skip: language.suffix !== ".py" }, async () => {
      await assert.rejects(counter("missing").call("__init__"), /has no method/);
    });

    test("an object that aborts is made anew of its storage", async () => {
      const stub = counter("abort");
      await stub.call("add");
      await assert.rejects(stub.call("abort"), /enough/);

      assert.equal(await stub.call("add"), 2);
      assert.deepEqual((await stub.call("about")).calls, 1);
      assert.doesNotMatch(place.reports.join(""), /goes on after its abort/);
    });

    test("blockConcurrencyWhile that raises resets the object", async () => {
      const stub = counter("reject");
      await stub.call("add");
      await assert.rejects(stub.call("reject"), /blocked/);

      assert.equal((await stub.call("about")).calls, 0);
    });

    test("an object calls another one", async () => {
      assert.equal(await counter("caller").call("call_other", "called"), 1);
    });

    test("an idle object leaves memory, and what it has stored comes back", async () => {
      const stub = counter("idle");
      await stub.call("add");
      await place.evictAll();

      const { calls, started } = await stub.call("about");

      assert.deepEqual({ calls, started }, { calls: 0, started: 1 });
    });
  });
}
