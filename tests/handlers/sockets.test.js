/** WebSockets that handlers answer with, as the host has their other end. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { LANGUAGES, request, UPSTREAM, useWorker } from "./places.js";

for (const language of [...LANGUAGES, ...UPSTREAM]) {
  describe(`WebSockets of handlers ${language.where}`, () => {
    const opened = useWorker(language, "sockets");

    /** @param {string} [path] @returns {Promise<any>} */
    async function connect(path = "/echo") {
      const response = await opened().worker.fetch(request(path, { headers: { upgrade: "websocket" } }));
      const { webSocket } = /** @type {any} */ (response);
      return { response, webSocket };
    }

    /** @param {any} socket @param {string} name @returns {Promise<any>} */
    const next = (socket, name) => new Promise((resolve) => socket.addEventListener(name, resolve, { once: true }));

    test("exchange text and bytes", async () => {
      const { response, webSocket } = await connect();
      webSocket.accept();

      let message = next(webSocket, "message");
      webSocket.send("hé");
      assert.deepEqual([response.status, (await message).data], [101, "echo hé"]);
      message = next(webSocket, "message");
      webSocket.send(new Uint8Array([1, 2]));
      assert.deepEqual(new Uint8Array((await message).data), new Uint8Array([1, 2]));
      webSocket.close();
    });

    test("are closed from the handler's side with a code and a reason", async () => {
      const { webSocket } = await connect();
      webSocket.accept();

      const closed = next(webSocket, "close");
      webSocket.send("close 4001 enough");

      const { code, reason } = await closed;
      assert.deepEqual([code, reason], [4001, "enough"]);
    });

    test("tell the handler how the other side has closed", async () => {
      const { webSocket } = await connect();
      webSocket.accept();
      webSocket.close(3001, "bye");

      const seen = async () => await (await opened().worker.fetch(request("/closed"))).json();
      let last;
      while (last === undefined) last = (await seen()).find((/** @type {any[]} */ [code]) => code === 3001);

      assert.deepEqual(last, [3001, "bye", true]);
    });

    test("refuse a close code that no frame has", async () => {
      const { webSocket } = await connect();
      webSocket.accept();

      const message = next(webSocket, "message");
      webSocket.send("close 1006 no");

      assert.match((await message).data, /Invalid WebSocket close code: 1006/);
      webSocket.close();
    });

    test("keep what is sent before the other side accepts", async () => {
      const { webSocket } = await connect("/greet");
      const message = next(webSocket, "message");
      webSocket.accept();

      assert.equal((await message).data, "welcome");
      webSocket.close();
    });

    test("need the status 101", async () => {
      await assert.rejects(async () => await connect("/wrong"), /status code 101/);
    });
  });
}
