/** A client that keeps its connections, and costs little: it sends the same bytes, and reads no more of an answer than its end. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";

const BODY = JSON.stringify({ name: "Ada", numbers: [1, 2, 3] });
const REQUEST = Buffer.from(
  `POST /echo HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`,
);

/**
 * @param {number} port
 * @param {{ connections: number, seconds: number }} options
 * @returns {Promise<{ perSecond: number, p50: number, p99: number }>} times in ms
 */
export async function measureLoad(port, { connections, seconds }) {
  /** @type {number[]} */
  const times = [];
  const began = performance.now();
  const end = began + seconds * 1000;
  await Promise.all(Array.from({ length: connections }, () => keepAsking(port, end, times)));
  const took = performance.now() - began;
  times.sort((a, b) => a - b);
  const at = (/** @type {number} */ share) => times[Math.min(times.length - 1, Math.floor(times.length * share))];
  return { perSecond: (times.length / took) * 1000, p50: at(0.5), p99: at(0.99) };
}

/** @param {number} port @param {number} end @param {number[]} times */
async function keepAsking(port, end, times) {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  await once(socket, "connect");
  await new Promise((resolve, reject) => {
    let text = "";
    let sentAt = 0;
    const send = () => {
      sentAt = performance.now();
      socket.write(REQUEST);
    };
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      if (!isWhole(text)) return;
      assert.ok(text.startsWith("HTTP/1.1 200") && text.includes('"Ada"'), text);
      text = "";
      const now = performance.now();
      times.push(now - sentAt);
      if (now < end) send();
      else resolve(undefined);
    });
    socket.once("error", reject);
    socket.once("close", () => reject(new Error("The server has closed the connection.")));
    send();
  }).finally(() => socket.destroy());
}

/** Whether an answer is there to its end. @param {string} text */
function isWhole(text) {
  const head = text.indexOf("\r\n\r\n");
  if (head < 0) return false;
  const length = /\r\ncontent-length: (\d+)/i.exec(text);
  return length ? text.length >= head + 4 + Number(length[1]) : text.endsWith("\r\n0\r\n\r\n");
}
