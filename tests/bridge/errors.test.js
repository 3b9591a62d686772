import assert from "node:assert/strict";
import { test } from "node:test";

import { NonRetryableError, WorkflowTimeoutError, fromWire, knowErrors, toWire } from "../../bridge/errors.js";
import { NotSerializableError, decode, encode } from "../../bridge/values.js";

class Declined extends Error {}
class Hopeless extends NonRetryableError {}

for (const [error, name] of /** @type {[Error, string][]} */ ([
  [new Error("m"), "Error"],
  [new RangeError("m"), "RangeError"],
  [new Declined("m"), "Declined"],
  [new WorkflowTimeoutError("m"), "WorkflowTimeoutError"],
  [new DOMException("m", "AbortError"), "AbortError"],
])) {
  test(`${name} crosses with its name, message and stack`, () => {
    const wire = toWire(error);

    assert.deepEqual(wire, { name, message: "m", traceback: error.stack });
  });
}

for (const error of [
  new NonRetryableError("m"),
  new NonRetryableError("m", "Custom"),
  new Hopeless("m"),
  new NotSerializableError("m"),
  Object.assign(new Error("m"), { name: "NonRetryableError" }),
]) {
  test(`${error.constructor.name} ${error.name} is not to be tried again`, () => {
    assert.equal(toWire(error).retryable, false);
  });
}

for (const [thrown, message] of /** @type {[unknown, string][]} */ ([
  ["text", "text"],
  [{ a: 1 }, '{"a":1}'],
  [undefined, "undefined"],
  [1n, "1"],
])) {
  test(`${message}, thrown though no error, crosses as one`, () => {
    assert.deepEqual(toWire(thrown), { name: "Error", message });
  });
}

test("an error comes back as the class of its name", () => {
  assert.ok(fromWire({ name: "RangeError", message: "m" }) instanceof RangeError);
  assert.ok(fromWire({ name: "WorkflowTimeoutError", message: "m" }) instanceof WorkflowTimeoutError);
});

test("an error of an unknown class is an Error with its name", () => {
  for (const name of ["Declined", "constructor", "__proto__", "toString"]) {
    const error = fromWire({ name, message: "m" });

    assert.equal(Object.getPrototypeOf(error), Error.prototype);
    assert.equal(String(error), `${name}: m`);
  }
});

test("an error that must not be tried again stays so", () => {
  const error = fromWire({ name: "Hopeless", message: "m", retryable: false });

  assert.ok(error instanceof NonRetryableError);
  assert.equal(error.name, "Hopeless");
});

test("an error that JavaScript passes on is the same one on the other side", () => {
  const wire = { name: "E", message: "m", type: "app:E", args: "[1]", state: '{"a":1}', traceback: "Traceback …" };

  assert.deepEqual(toWire(fromWire(wire)), wire);
});

test("an exception of Python's that is a value keeps its type", () => {
  const text = '[{"$":"error","v":{"name":"ValueError","message":"no","type":"builtins:ValueError"}}]';

  assert.equal(encode(decode(text)), text);
});

test("fields and cause come back, but for those that cannot be stored", () => {
  const cause = new RangeError("inner");
  const error = Object.assign(new Error("m", { cause }), { code: "ENOENT", at: new Date(5), lost: () => {} });

  const again = /** @type {any} */ (fromWire(toWire(error)));

  assert.deepEqual({ ...again }, { code: "ENOENT", at: new Date(5) });
  assert.ok(again.cause instanceof RangeError);
  assert.equal(again.cause.message, "inner");
});

test("errors inside an error keep their fields, causes and members", () => {
  const member = Object.assign(new TypeError("t"), { value: [1], twice: undefined });
  Reflect.set(member, "twice", member);
  const cause = Object.assign(new Error("c", { cause: member }), { code: 5 });

  const again = /** @type {any} */ (fromWire(toWire(new AggregateError([member, cause], "m", { cause }))));

  assert.deepEqual(again.errors[0].value, [1]);
  assert.deepEqual([again.errors[1].code, again.errors[1].cause.value], [5, [1]]);
  assert.deepEqual([again.cause.code, again.cause.cause.message], [5, "t"]);
});

test("an error as a value keeps its fields, and one that holds itself ends", () => {
  const error = Object.assign(new RangeError("r"), { code: 5, self: undefined });
  Reflect.set(error, "self", error);

  const [again] = decode(encode([error]));

  assert.deepEqual([again.code, again.self.message, Object.keys(again.self)], [5, "r", []]);
});

test("a cause that cannot be stored is left out", () => {
  assert.equal(Object.hasOwn(fromWire(toWire(new Error("m", { cause: () => {} }))), "cause"), false);
});

/** @param {unknown} error @param {PropertyKey} key */
const unreadable = (error, key) =>
  Object.defineProperty(error, key, {
    enumerable: true,
    get() {
      throw new Error("not to be read");
    },
  });

test("what cannot be read of an error is left out, and the rest is told", () => {
  const error = unreadable(Object.assign(new TypeError("m"), { code: 1, name: "Odd" }), "lazy");

  const { traceback, ...wire } = toWire(unreadable(error, "cause"));

  assert.deepEqual(wire, { name: "Odd", message: "m", state: encode({ code: 1 }) });
  assert.match(traceback ?? "", /errors\.test\.js/);
});

for (const [what, thrown, name] of /** @type {[string, unknown, string][]} */ ([
  ["an error whose message cannot be read", unreadable(new TypeError("m"), "message"), "TypeError"],
  ["an error whose name cannot be read", unreadable(new TypeError("m"), "name"), "Error"],
  ["an error whose stack cannot be read", unreadable(new TypeError("m"), "stack"), "TypeError"],
  ["an error of which nothing can be read", new Proxy(new TypeError("m"), new Proxy({}, { get: unreadable })), "Error"],
  ["something that cannot be said", { toJSON: unreadable, toString: unreadable }, "Error"],
])) {
  test(`${what} is an error all the same`, () => {
    assert.equal(toWire(thrown).name, name);
    assert.match(toWire(thrown).message, /^(m|<it cannot be read what this error says>)$/);
  });
}

test("an error of a class that a module exports is of that class again, whatever its constructor takes", () => {
  class Rejected extends Error {
    /** @param {{ reason: string }} options */
    constructor({ reason }) {
      super(`rejected: ${reason}`);
      this.reason = reason;
    }

    get short() {
      return this.reason.slice(0, 3);
    }
  }
  knowErrors("orders.mjs", { Rejected, notAnError: Map, text: "x" });

  const again = /** @type {any} */ (fromWire(toWire(new Rejected({ reason: "stolen" }))));

  assert.ok(again instanceof Rejected);
  assert.deepEqual([String(again), again.short], ["Rejected: rejected: stolen", "sto"]);
});

test("attributes of a Python exception are not given to JavaScript's", () => {
  const error = fromWire({ name: "E", message: "m", type: "app:E", state: '{"message":"other","a":1}' });

  assert.deepEqual([error.message, Object.keys(error)], ["m", []]);
});
