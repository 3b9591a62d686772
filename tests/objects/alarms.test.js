/** Alarms of Durable Objects: they fire when they are due, again where the handler raises, and after the host has ended. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, beforeEach, describe, test } from "node:test";
import { LANGUAGES, openPlace } from "./places.js";

const HOUR_MS = 3_600_000;

for (const language of LANGUAGES) {
  describe(language.where, () => {
    /** @type {Awaited<ReturnType<typeof openPlace>>} */
    let place;
    /** The object of the test. @type {string} */
    let name;
    before(async () => {
      place = await openPlace(language);
    });
    after(() => place.close());
    beforeEach((context) => {
      name = context.name;
    });

    const stub = () => place.named("Alarmed", name);
    /** Move the clock to its next timer, and wait until the state of the object is as *expected* says. */
    const ring = async (/** @type {number} */ fired) => {
      await place.clock.moveTo(/** @type {number} */ (place.clock.next()));
      await until(async () => (await stub().call("state")).fired === fired);
    };
    /** When the alarm of the object is set in the host. */
    const armed = async () => {
      await until(async () => place.clock.next() !== undefined);
      return /** @type {number} */ (place.clock.next());
    };

    test("an alarm fires when it is due, and is gone", async () => {
      const due = place.clock.now() + HOUR_MS;
      await stub().call("set", due);
      assert.equal((await stub().call("state")).alarm, due);
      assert.equal(await armed(), due);

      await ring(1);

      assert.deepEqual(await stub().call("state"), { fired: 1, alarm: null, info: [0, false, null] });
      assert.equal(place.clock.next(), undefined);
    });

    for (const due of [1e300, 2 ** 60, Number.POSITIVE_INFINITY])
      test(`an alarm at ${due} is refused`, async () => {
        await assert.rejects(stub().call("set", due), /setAlarm\(\) cannot be called with/);

        assert.equal((await stub().call("state")).alarm, null);
      });

    test("a handler that raises is called again after 2 s, then after 4 s", async () => {
      await stub().call("set", place.clock.now() + HOUR_MS, 2);
      await armed();
      await ring(1);
      assert.equal((await armed()) - place.clock.now(), 2000);
      await ring(2);
      assert.equal((await armed()) - place.clock.now(), 4000);
      await ring(3);

      assert.deepEqual((await stub().call("state")).info, [2, true, null]);
      assert.match(place.reports.join("\n"), /The alarm of Durable Object a handler that .* has failed: .*not yet/s);
    });

    test("after six retries an alarm is given up", async () => {
      await stub().call("set", place.clock.now() + HOUR_MS, 100);
      for (let fired = 1; fired <= 7; fired++) {
        await armed();
        await ring(fired);
      }
      await until(() => place.reports.at(-1)?.includes("for the last time") ?? false);

      assert.equal((await stub().call("state")).alarm, null);
      assert.equal(place.clock.next(), undefined);
    });

    test("an alarm fires although its object has left memory", async () => {
      await stub().call("set", place.clock.now() + HOUR_MS);
      await armed();
      await place.evictAll();

      await ring(1);
    });

    test("an alarm fires in the next host, which reads the files of what was in memory", async () => {
      await stub().call("set", place.clock.now() + HOUR_MS);
      const { folder, clock } = place;
      await armed();
      // As after a crash: the row of the state has not got the alarm yet.
      const left = place.store.objects.left(JSON.stringify(["local", "w", "Alarmed"]));
      const row = left.find((each) => each.name === name);
      assert.ok(row);
      place.store.objects.alarmChanged(row.namespace, row.id, null);
      await place.close({ keep: true });
      clock.clear();
      place = await openPlace(language, { folder, clock });

      assert.equal(await armed(), clock.now() + HOUR_MS);
      await ring(1);
    });

    test("a file with a time that no Date has does not keep the next host from starting", async () => {
      await stub().call("set", place.clock.now() + HOUR_MS);
      const { folder, clock, files } = place;
      await armed();
      const row = place.store.objects
        .left(JSON.stringify(["local", "w", "Alarmed"]))
        .find((each) => each.name === name);
      assert.ok(row);
      await place.close({ keep: true });
      const db = new DatabaseSync(join(files.folder, files.fileOf(row.namespace, row.id)));
      db.exec("UPDATE _cf_ALARM SET due = 1e300");
      db.close();
      clock.clear();

      place = await openPlace(language, { folder, clock });

      assert.equal(await armed(), 8.64e15);
    });
  });
}

/** @param {() => boolean | Promise<boolean>} isTrue looked at again in each turn; the test's own limit ends it */
async function until(isTrue) {
  while (!(await isTrue())) await new Promise((resolve) => setTimeout(resolve, 1));
}
