/**
 * The Worker in workerd that carries out calls of bindings: a chain of methods on what `env` has under a name. It keeps nothing
 * between two calls, so nothing of it can go stale.
 */

import { pack, unpack } from "../../runtime/bindings/codec.js";

/** @typedef {[string, unknown[]][]} CallPath */

export default {
  /**
   * @param {Request} request
   * @param {Record<string, any>} env
   */
  async fetch(request, env) {
    if (!isSecret(request.headers.get("stepwell-secret"), env.STEPWELL_SECRET))
      return new Response(null, { status: 403 });
    const body = new RequestBody(request);
    const name = request.headers.get("stepwell-binding") ?? "";
    try {
      const { path } = await unpack(body.stream, extensionOf(env[name]));
      return await respond({ value: await run(env[name], path) });
    } catch (error) {
      // An answer before the whole request is read cuts the connection, and the answer would be lost.
      await body.drain();
      return await respond({ error });
    }
  },
};

/** @param {any} binding @param {CallPath} path */
async function run(binding, path) {
  let value = binding;
  let session;
  for (const [method, args] of path) {
    if (typeof value?.[method] !== "function") throw new TypeError(`${method} is not a function`);
    value = await value[method](...args.map(ofKnownLength));
    if (method === "withSession") session = value;
  }
  const result = await resultOf(value);
  return session ? { result, bookmark: session.getBookmark() } : { result };
}

/** R2 takes streams of a known length only. @param {any} argument */
function ofKnownLength(argument) {
  if (!(argument instanceof ReadableStream) || typeof (/** @type {any} */ (argument).length) !== "number")
    return argument;
  // @ts-expect-error -- a class of workerd's
  const { readable, writable } = new FixedLengthStream(/** @type {any} */ (argument).length);
  // The reader of the other end reports what fails.
  argument.pipeTo(writable).catch(() => {});
  return readable;
}

/** What a method of Cloudflare's gives, as data. @param {any} value */
async function resultOf(value) {
  const kind = value?.constructor?.name;
  // The result of a transformation of an image.
  if (typeof value?.contentType === "function" && typeof value?.image === "function") {
    return { contentType: value.contentType(), image: value.image() };
  }
  return kind === "Response" ? new Response(value.body, value) : value;
}

/** Chains within arguments (`batch`, `draw`) are carried out here, and objects of R2 cross as data. @param {any} binding */
const extensionOf = (binding) => ({
  /** @param {any} value @returns {[string, unknown] | undefined} */
  tag(value) {
    const kind = value?.constructor?.name;
    if (kind === "HeadResult") return ["R2Object", r2Data(value)];
    if (kind === "GetResult") return ["R2ObjectBody", { ...r2Data(value), body: withLength(value) }];
    if (kind === "R2MultipartUpload") return ["R2MultipartUpload", { key: value.key, uploadId: value.uploadId }];
    return undefined;
  },
  /** @param {string} name @param {any} data */
  untag(name, data) {
    if (name !== "chain") throw new TypeError(`A message has a value of kind '${name}', which is unknown here.`);
    return data.reduce(
      (/** @type {any} */ value, /** @type {[string, unknown[]]} */ [method, args]) => value[method](...args),
      binding,
    );
  },
});

/** @param {any} object */
function r2Data(object) {
  const { key, version, size, etag, httpEtag, uploaded, httpMetadata, customMetadata, range, storageClass } = object;
  const sums = object.checksums;
  const checksums = Object.fromEntries(
    ["md5", "sha1", "sha256", "sha384", "sha512"].filter((name) => sums?.[name]).map((name) => [name, sums[name]]),
  );
  return { key, version, size, etag, httpEtag, uploaded, httpMetadata, customMetadata, range, storageClass, checksums };
}

/** R2 takes streams of a known length only, so the length goes along. @param {any} object */
function withLength({ body, size, range }) {
  const length =
    range?.length ?? (range?.suffix !== undefined ? Math.min(range.suffix, size) : size - (range?.offset ?? 0));
  return Object.defineProperty(body, "length", { value: length, configurable: true });
}

/** @param {object} answer */
async function respond(answer) {
  return new Response(/** @type {BodyInit} */ (await pack(answer, extensionOf(undefined))));
}

/** The body of a request, which can be read to its end when a call fails. */
class RequestBody {
  #reader;
  /** @type {Promise<unknown>} */
  #last = Promise.resolve();

  /** @param {Request} request */
  constructor({ body }) {
    this.#reader = body?.getReader();
    this.stream = new ReadableStream({
      pull: async (controller) => {
        const { done, value } = await this.#read();
        if (done) controller.close();
        else controller.enqueue(value);
      },
    });
  }

  /** One after the other: workerd's streams refuse a second read while one is pending. */
  #read() {
    const read = this.#last.then(async () => (await this.#reader?.read()) ?? { done: true, value: undefined });
    this.#last = read.catch(() => {});
    return read;
  }

  async drain() {
    try {
      while (!(await this.#read()).done);
    } catch {
      // The sender has gone.
    }
  }
}

/** In a time that does not tell how much of it is right. @param {string | null} given @param {string} secret */
function isSecret(given, secret) {
  if (given?.length !== secret.length) return false;
  let difference = 0;
  for (let index = 0; index < secret.length; index++) difference |= given.charCodeAt(index) ^ secret.charCodeAt(index);
  return difference === 0;
}
