/** A producer of Cloudflare's Queues as an interpreter sees it. Messages are rows of the host's state. */

/** @import { Ask } from "./call.js" */

/** @type {WeakMap<object, Ask>} */
const asks = new WeakMap();

/** Converts a message's body, by its content type. @type {Record<string, (body: any) => unknown>} */
const CONTENT = {
  json(body) {
    const text = JSON.stringify(body);
    if (text === undefined) throw new TypeError(`A ${typeof body} cannot be sent as JSON.`);
    return JSON.parse(text);
  },
  text(body) {
    if (typeof body !== "string") throw new TypeError("A message of content type 'text' must be a string.");
    return body;
  },
  bytes(body) {
    if (ArrayBuffer.isView(body)) return new Uint8Array(body.buffer, body.byteOffset, body.byteLength).slice().buffer;
    if (body instanceof ArrayBuffer) return body;
    throw new TypeError("A message of content type 'bytes' must be an ArrayBuffer, or a view of one.");
  },
  v8: (body) => body,
};

/** @typedef {{ contentType?: string, delaySeconds?: number }} SendOptions */

export class WorkerQueue {
  /** @param {Ask} ask */
  constructor(ask) {
    asks.set(this, ask);
  }

  /** @param {unknown} body @param {SendOptions} [options] */
  async send(body, options) {
    await askOf(this)([["send", [[toMessage({ ...options, body })], {}]]]);
  }

  /** @param {Iterable<{ body: unknown } & SendOptions>} messages @param {{ delaySeconds?: number }} [options] */
  async sendBatch(messages, options) {
    const { delaySeconds } = options ?? {};
    const given = delaySeconds === undefined ? {} : { delaySeconds };
    await askOf(this)([["send", [Array.from(messages, toMessage), given]]]);
  }
}

/** @param {WorkerQueue} queue */
function askOf(queue) {
  const ask = asks.get(queue);
  if (!ask) throw new TypeError("Illegal invocation");
  return ask;
}

/** @param {{ body: unknown } & SendOptions} message */
function toMessage({ body, contentType = "json", delaySeconds }) {
  const content = CONTENT[contentType];
  if (!content)
    throw new TypeError(`The content type is '${contentType}'; it must be ${Object.keys(CONTENT).join(", ")}.`);
  return { body: content(body), ...(delaySeconds === undefined ? {} : { delaySeconds }) };
}
