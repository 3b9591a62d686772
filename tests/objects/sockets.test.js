/** WebSockets that a Durable Object has accepted: what they receive are its events, also after it has left memory. */

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { LANGUAGES, openPlace } from "./places.js";

for (const language of LANGUAGES) {
  describe(language.where, () => {
    /** @type {Awaited<ReturnType<typeof openPlace>>} */
    let place;
    before(async () => {
      place = await openPlace(language);
    });
    after(() => place.close());

    /** @param {string} room @param {string} who */
    async function connect(room, who) {
      const request = new Request(`http://room/${who}`, { headers: { upgrade: "websocket" } });
      const response = await place.named("Room", room).call("fetch", request);
      const { webSocket } = response;
      /** @type {string[]} */
      const heard = [];
      webSocket.addEventListener("message", (/** @type {any} */ { data }) => heard.push(data));
      webSocket.accept();
      return { webSocket, heard };
    }

    test("messages are events of the object, which sends to all of its sockets", async () => {
      const a = await connect("r", "a");
      const b = await connect("r", "b");

      a.webSocket.send("hello");
      await until(() => b.heard.length > 0 && a.heard.length > 0);

      assert.deepEqual([a.heard, b.heard], [["a: hello 1"], ["a: hello 1"]]);
    });

    test("a message brings an object back that has left memory, with the attachments of its sockets", async () => {
      const room = place.named("Room", "h");
      const a = await connect("h", "a");
      a.webSocket.send("one");
      await until(() => a.heard.length === 1);
      const { made } = await room.call("state");
      await until(() => place.worker.objects.inFlight === 0);
      await place.worker.objects.evictIdle(0);

      a.webSocket.send("two");
      await until(() => a.heard.length === 2);

      assert.deepEqual(a.heard, ["a: one 1", "a: two 2"]);
      assert.notEqual((await room.call("state")).made, made);
    });

    test("a handler that raises is reported, and the next message comes", async () => {
      const a = await connect("f", "a");
      a.webSocket.send("fail");
      a.webSocket.send("after");
      await until(() => a.heard.length === 1);

      assert.deepEqual(a.heard, ["a: after 2"]);
    });

    test("a close is an event, and the socket is none of the object's any more", async () => {
      const a = await connect("c", "a");
      a.webSocket.close(4001, "enough");

      await until(async () => (await place.named("Room", "c").call("state")).closed !== null);
      assert.deepEqual((await place.named("Room", "c").call("state")).closed, [0, 4001]);
    });
  });
}

/** @param {() => boolean | Promise<boolean>} isTrue looked at again in each turn; the test's own limit ends it */
async function until(isTrue) {
  while (!(await isTrue())) await new Promise((resolve) => setTimeout(resolve, 1));
}
