/**
 * How calls of Cloudflare's bindings and their answers cross between an interpreter and workerd. Both ends run this file: it has
 * neither Node's modules nor workerd's.
 *
 * A message is the length of its head (4 bytes, big endian), the head (JSON, values that it does not have are tagged by the key
 * `$`), the bytes that the head names, and at most one stream, which is the rest.
 */

/**
 * @typedef {object} Message
 * @property {unknown} head
 * @property {Uint8Array[]} blobs
 * @property {ReadableStream<Uint8Array>} [stream]
 */

const TEXT = new TextEncoder();
const HEAD_BYTES = 4;
/** Deeper values are refused: their reader would run out of stack. */
const MAX_DEPTH = 200;

/** Classes of errors that both ends have. @type {Record<string, ErrorConstructor>} */
const ERRORS = { Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError };
/** Views of bytes, by their names. @type {Record<string, any>} */
const VIEWS = Object.fromEntries(
  [
    Int8Array,
    Uint8Array,
    Uint8ClampedArray,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
    Float32Array,
    Float64Array,
  ]
    .concat(/** @type {any} */ ([BigInt64Array, BigUint64Array, DataView]))
    .map((Class) => [Class.name, Class]),
);

/**
 * Something that one end has a class for, and the other end makes anew.
 *
 * @typedef {{ tag: (value: any) => [string, unknown] | undefined, untag: (name: string, data: any) => unknown }} Extension
 */

/** @type {Extension} */
const NO_EXTENSION = { tag: () => undefined, untag: (name) => unknown(name) };

/** @param {string} name @returns {never} */
function unknown(name) {
  throw new TypeError(`A message has a value of kind '${name}', which is unknown here.`);
}

/**
 * @param {unknown} value
 * @param {Extension} [extension]
 * @returns {Promise<ReadableStream<Uint8Array> | Uint8Array>} a stream where the value has one
 * @throws {TypeError} it has what cannot cross
 */
export async function pack(value, extension = NO_EXTENSION) {
  const writer = new Writer(extension);
  const head = TEXT.encode(JSON.stringify(await writer.write(value, 0)));
  const parts = [new Uint8Array(HEAD_BYTES), head, ...writer.blobs];
  new DataView(parts[0].buffer).setUint32(0, head.length);
  const whole = concatenate(parts);
  return writer.stream ? precede(whole, writer.stream) : whole;
}

class Writer {
  /** @type {Uint8Array[]} */
  blobs = [];
  /** @type {ReadableStream<Uint8Array> | undefined} */
  stream;
  #extension;

  /** @param {Extension} extension */
  constructor(extension) {
    this.#extension = extension;
  }

  /** @param {any} value @param {number} depth @returns {Promise<unknown>} */
  async write(value, depth) {
    if (depth > MAX_DEPTH) throw new TypeError(`A value is more than ${MAX_DEPTH} levels deep.`);
    if (value === null || typeof value === "string" || typeof value === "boolean") return value;
    if (typeof value === "number") {
      return Number.isFinite(value) && !Object.is(value, -0)
        ? value
        : { $: "number", v: Object.is(value, -0) ? "-0" : String(value) };
    }
    if (value === undefined) return { $: "undefined" };
    if (typeof value === "bigint") return { $: "bigint", v: String(value) };
    if (typeof value !== "object") throw new TypeError(`A ${typeof value} cannot be given to a binding.`);
    const tagged = this.#extension.tag(value);
    if (tagged) return { $: tagged[0], v: await this.write(tagged[1], depth + 1) };
    if (Array.isArray(value)) return await this.#writeAll(value, depth);
    return (await this.#writeKnown(value, depth)) ?? (await this.#writePlain(value, depth));
  }

  /** @param {unknown[]} values @param {number} depth */
  async #writeAll(values, depth) {
    const written = [];
    for (const each of values) written.push(await this.write(each, depth + 1));
    return written;
  }

  /** @param {any} value @param {number} depth */
  async #writePlain(value, depth) {
    const keys = Object.keys(value);
    /** @type {Record<string, unknown>} */
    const written = {};
    for (const key of keys) {
      if (typeof value[key] !== "function") written[key] = await this.write(value[key], depth + 1);
    }
    return keys.includes("$") ? { $: "object", v: Object.entries(written) } : written;
  }

  /** @param {any} value @param {number} depth @returns {Promise<unknown>} undefined: it is an object of no class that is known */
  async #writeKnown(value, depth) {
    if (value instanceof Date) return { $: "date", v: value.getTime() };
    if (value instanceof RegExp) return { $: "regexp", v: [value.source, value.flags] };
    if (value instanceof Map) return { $: "map", v: await this.#writeAll([...value.entries()], depth) };
    if (value instanceof Set) return { $: "set", v: await this.#writeAll([...value], depth) };
    if (value instanceof URL) return value.href;
    if (value instanceof Headers) return { $: "headers", v: [...value] };
    if (value instanceof ArrayBuffer) return { $: "bytes", kind: "ArrayBuffer", v: this.#blob(new Uint8Array(value)) };
    if (ArrayBuffer.isView(value)) {
      const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
      return { $: "bytes", kind: value.constructor.name, v: this.#blob(bytes) };
    }
    if (value instanceof Blob) {
      return { $: "blob", type: value.type, v: this.#blob(new Uint8Array(await value.arrayBuffer())) };
    }
    if (value instanceof ReadableStream) return await this.#writeStream(value);
    if (value instanceof Error) return await this.#writeError(value, depth);
    if (value instanceof Request) return await this.#writeRequest(value, depth);
    if (value instanceof Response) return await this.#writeResponse(value, depth);
    return undefined;
  }

  /** The first stream stays one; a further one is read to its end. @param {ReadableStream<Uint8Array>} stream */
  async #writeStream(stream) {
    if (this.stream) return { $: "stream", v: this.#blob(new Uint8Array(await new Response(stream).arrayBuffer())) };
    this.stream = stream;
    return { $: "stream", length: /** @type {any} */ (stream).length ?? null };
  }

  /** @param {Error & { cause?: unknown }} error @param {number} depth */
  async #writeError({ name, message, stack, cause }, depth) {
    const data = { name, message, stack: stack ?? "", ...(cause === undefined ? {} : { cause }) };
    return { $: "error", v: await this.write(data, depth + 1) };
  }

  /** @param {Request} request @param {number} depth */
  async #writeRequest({ method, url, headers, body, redirect }, depth) {
    return { $: "request", v: await this.write({ method, url, headers: [...headers], body, redirect }, depth + 1) };
  }

  /** @param {Response} response @param {number} depth */
  async #writeResponse({ status, statusText, headers, body }, depth) {
    return { $: "response", v: await this.write({ status, statusText, headers: [...headers], body }, depth + 1) };
  }

  /** @param {Uint8Array} bytes */
  #blob(bytes) {
    this.blobs.push(bytes);
    return bytes.length;
  }
}

/**
 * @param {ReadableStream<Uint8Array> | Uint8Array} message
 * @param {Extension} [extension]
 * @returns {Promise<any>} what was packed. A stream in it goes on with the message
 */
export async function unpack(message, extension = NO_EXTENSION) {
  const source = new Source(
    message instanceof ReadableStream ? message : new Response(/** @type {any} */ (message)).body,
  );
  const length = new DataView((await source.take(HEAD_BYTES)).buffer).getUint32(0);
  const head = JSON.parse(new TextDecoder().decode(await source.take(length)));
  return await new Reader(source, extension).read(head);
}

class Reader {
  #source;
  #extension;

  /** @param {Source} source @param {Extension} extension */
  constructor(source, extension) {
    this.#source = source;
    this.#extension = extension;
  }

  /** Blobs lie in the order in which the head names them. @param {any} written @returns {Promise<any>} */
  async read(written) {
    if (written === null || typeof written !== "object") return written;
    if (Array.isArray(written)) return await this.#readAll(written);
    if (!("$" in written)) {
      /** @type {Record<string, unknown>} */
      const value = {};
      for (const [key, each] of Object.entries(written)) define(value, key, await this.read(each));
      return value;
    }
    return await this.#readTagged(written);
  }

  /** @param {unknown[]} written */
  async #readAll(written) {
    const values = [];
    for (const each of written) values.push(await this.read(each));
    return values;
  }

  /** @param {any} written */
  async #readTagged(written) {
    const { $: kind, v } = written;
    switch (kind) {
      case "undefined":
        return undefined;
      case "number":
        return Number(v);
      case "bigint":
        return BigInt(v);
      case "date":
        return new Date(v);
      case "regexp":
        return new RegExp(v[0], v[1]);
      case "map":
        return new Map(/** @type {[unknown, unknown][]} */ (await this.#readAll(v)));
      case "set":
        return new Set(await this.#readAll(v));
      case "headers":
        return new Headers(v);
      case "object":
        return await this.#readObject(v);
      case "bytes":
        return viewOf(written.kind, await this.#source.take(v));
      case "blob":
        return new Blob([await this.#source.take(v)], { type: written.type });
      case "stream":
        return await this.#readStream(written);
      case "error":
        return errorOf(await this.read(v));
      case "request":
        return requestOf(await this.read(v));
      case "response":
        return responseOf(await this.read(v));
      default:
        return this.#extension.untag(kind, await this.read(v));
    }
  }

  /** @param {[string, unknown][]} entries */
  async #readObject(entries) {
    const value = {};
    for (const [key, each] of entries) define(value, key, await this.read(each));
    return value;
  }

  /** @param {{ v?: number, length?: number | null }} written */
  async #readStream({ v, length }) {
    if (v !== undefined) return new Response(await this.#source.take(v)).body;
    const stream = this.#source.rest();
    if (typeof length === "number") Object.defineProperty(stream, "length", { value: length });
    return stream;
  }
}

/** The bytes of a message, taken from its front. */
class Source {
  #reader;
  #left = new Uint8Array(0);

  /** @param {ReadableStream<Uint8Array> | null} stream */
  constructor(stream) {
    this.#reader = stream?.getReader();
  }

  /** @param {number} length @returns {Promise<Uint8Array<ArrayBuffer>>} */
  async take(length) {
    const parts = [this.#left];
    let have = this.#left.length;
    while (have < length) {
      const { done, value } = (await this.#reader?.read()) ?? { done: true, value: undefined };
      if (done || !value) throw new Error("The message of a binding has ended in the middle.");
      parts.push(/** @type {Uint8Array<ArrayBuffer>} */ (value));
      have += value.length;
    }
    const whole = concatenate(parts);
    this.#left = whole.subarray(length);
    return whole.slice(0, length);
  }

  /** What follows. */
  rest() {
    const first = this.#left;
    this.#left = new Uint8Array(0);
    const reader = this.#reader;
    let isFirst = first.length > 0;
    return new ReadableStream(
      {
        type: "bytes",
        async pull(controller) {
          const { done, value } = isFirst ? { value: first } : ((await reader?.read()) ?? { done: true });
          isFirst = false;
          if (value) controller.enqueue(/** @type {Uint8Array<ArrayBuffer>} */ (value));
          if (!done) return;
          controller.close();
          // A reader that brings its own buffer waits for this.
          controller.byobRequest?.respond(0);
        },
        cancel: (reason) => reader?.cancel(reason),
      },
      { highWaterMark: 0 },
    );
  }
}

/** @param {Uint8Array[]} parts @returns {Uint8Array<ArrayBuffer>} */
function concatenate(parts) {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** @param {Uint8Array} first @param {ReadableStream<Uint8Array>} rest @returns {ReadableStream<Uint8Array>} */
function precede(first, rest) {
  const reader = rest.getReader();
  let isFirst = true;
  return new ReadableStream({
    async pull(controller) {
      if (isFirst) {
        isFirst = false;
        controller.enqueue(first);
        return;
      }
      const { done, value } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(typeof value === "string" ? TEXT.encode(value) : value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
}

/** @param {object} value @param {string} key @param {unknown} content */
function define(value, key, content) {
  Object.defineProperty(value, key, { value: content, enumerable: true, writable: true, configurable: true });
}

/** @param {string} kind @param {Uint8Array<ArrayBuffer>} bytes */
function viewOf(kind, bytes) {
  if (kind === "ArrayBuffer") return bytes.buffer;
  const View = VIEWS[kind] ?? Uint8Array;
  return new View(bytes.buffer);
}

/** @param {{ name: string, message: string, stack: string, cause?: unknown }} data */
function errorOf({ name, message, cause }) {
  const error = new (ERRORS[name] ?? Error)(message, cause === undefined ? undefined : { cause });
  if (error.name !== name) Object.defineProperty(error, "name", { value: name, configurable: true, writable: true });
  return error;
}

/** @param {{ method: string, url: string, headers: [string, string][], body: any, redirect: RequestRedirect }} data */
function requestOf({ method, url, headers, body, redirect }) {
  const withBody = body === null ? {} : { body, duplex: "half" };
  return new Request(url, { method, headers, redirect, .../** @type {any} */ (withBody) });
}

/** @param {{ status: number, statusText: string, headers: [string, string][], body: any }} data */
function responseOf({ status, statusText, headers, body }) {
  return new Response(body, { status, statusText, headers });
}
